import type { RequestError } from '../server/request.ts';

/** A failure: the fact, then the next step. */
export function ProblemNote({ error }: { error: Pick<RequestError, 'message' | 'next'> }) {
  return (
    <div className="note bad" role="alert">
      <p>
        <b>{error.message}</b> {error.next}
      </p>
    </div>
  );
}
