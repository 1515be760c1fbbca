import { type FormEvent, useState } from 'react';
import { asRequestError, type RequestError, server } from '../server/request.ts';
import { ProblemNote } from './problem.tsx';
import { PageTitle } from './shell.tsx';

/** Asks for the server's token. It becomes a cookie that scripts cannot read; the page does not keep it. */
export function SignIn({ onDone }: { onDone: () => void }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<RequestError>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    server.signIn(token).then(onDone, (thrown) => setError(asRequestError(thrown)));
  };
  return (
    <>
      <PageTitle title="Sign in" />
      <p className="lede">This server was started with a token. Whoever started it can give it to you.</p>
      <form className="fields" onSubmit={submit}>
        <label>
          <span>Token</span>
          <input
            type="password"
            autoComplete="current-password"
            required
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <button type="submit">Sign in</button>
      </form>
      {error && <ProblemNote error={error} />}
    </>
  );
}
