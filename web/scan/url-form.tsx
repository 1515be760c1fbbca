import { type FormEvent, useState } from 'react';
import { ProblemNote } from '../parts/problem.tsx';
import { asRequestError, type RequestError } from '../server/request.ts';

/** A clip by its address. The server fetches it, and refuses addresses of its own network. */
export function UrlForm({ onUrl }: { onUrl: (url: string) => Promise<void> }) {
  const [url, setUrl] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<RequestError>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await onUrl(url.trim());
      setUrl('');
    } catch (thrown) {
      setError(asRequestError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="by-url" onSubmit={submit}>
      <label htmlFor="url">Or the address of a video file</label>
      <div>
        <input
          id="url"
          type="url"
          inputMode="url"
          placeholder="https://"
          required
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <button type="submit" disabled={busy}>
          Fetch and scan
        </button>
      </div>
      {error && <ProblemNote error={error} />}
    </form>
  );
}
