import { plural } from '../../src/report/format.ts';
import { visible } from '../../src/report/html.ts';
import type { Work } from '../../src/server/api.ts';
import { type Kind, takesWords } from './words.ts';

/** Servers and workers; and what waits that none of them takes. */
export function Processes({ processes, counts }: Pick<Work, 'processes' | 'counts'>) {
  const taken = new Set(processes.flatMap(({ kinds }) => kinds));
  const left = (Object.keys(takesWords) as Kind[]).filter(
    (kind) => counts[kind].queued > 0 && !taken.has(kind),
  );
  return (
    <>
      {processes.length > 0 && (
        <ul className="processes">
          {processes.map(({ name, slots, busy, kinds, startedAt }) => (
            <li key={`${name} ${startedAt}`}>
              <b>{visible(name)}</b>: {busy} of {plural(slots, 'slot')} taken, takes{' '}
              {kinds.map((kind) => takesWords[kind]).join(', ')}; since{' '}
              <time dateTime={startedAt}>{new Date(startedAt).toLocaleString()}</time>
            </li>
          ))}
        </ul>
      )}
      {processes.length === 0 && <p>Nobody: what is sent waits.</p>}
      {left.map((kind) => (
        <p key={kind} className="note">
          {plural(counts[kind].queued, 'piece')} of work ({takesWords[kind]}) will wait until somebody starts{' '}
          <code>mesoscope worker --kinds {kind}</code>.
        </p>
      ))}
    </>
  );
}
