import type { Credentials } from '../../src/server/api.ts';

const words: Record<Credentials['status'], string> = {
  absent: 'The file carries none.',
  valid: 'The file carries credentials, and their signature fits the file.',
  invalid: 'The file carries credentials, and they do not fit it.',
  unreadable: 'There may be credentials, but they could not be read.',
};

/** What the file says of its own origin (C2PA). It changes no score. */
export function CredentialsNote({ credentials }: { credentials: Credentials | null }) {
  if (!credentials) return <p className="muted">Content credentials are read on the server only.</p>;
  const { status, statement, manifests, problems } = credentials;
  return (
    <>
      <p>
        <b>{words[status]}</b> {statement}
      </p>
      {problems.length > 0 && (
        <ul className="plain">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      {manifests.map((manifest) => (
        <dl className="facts-list" key={manifest.label}>
          <dt>{manifest.active ? 'Latest statement' : 'Earlier statement'}</dt>
          <dd>{manifest.title ?? manifest.label}</dd>
          <dt>Made with</dt>
          <dd>{manifest.claimGenerator ?? 'not said'}</dd>
          <dt>Signed by</dt>
          <dd>
            {manifest.signedBy ?? 'not said'}
            {manifest.signedAt && `, ${manifest.signedAt}`}
          </dd>
          {manifest.actions.length > 0 && (
            <>
              <dt>Done to it</dt>
              <dd>{manifest.actions.join(', ')}</dd>
            </>
          )}
          {manifest.ingredients.length > 0 && (
            <>
              <dt>Made from</dt>
              <dd>{manifest.ingredients.join(', ')}</dd>
            </>
          )}
        </dl>
      ))}
    </>
  );
}
