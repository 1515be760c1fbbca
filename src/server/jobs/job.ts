/** Something that was begun and runs here, whatever its kind. */
import type { UserError } from '../../base/errors.ts';
import type { PutBack } from '../database/steps.ts';

/** What is told of any job; {@link Job.tell} adds whose it is. */
export interface JobEvents {
  begun: Record<never, never>;
  dropped: { seconds: number };
  'put back': {
    seconds: number;
    reason: PutBack['why'];
    waitSeconds: number;
    code?: string | undefined;
    why?: string | undefined;
  };
  'given up': { code: string };
}

export interface Job {
  id: string;
  /** Tries so far, this one too. */
  attempts: number;
  /** Tries that a lost connection ended. */
  lost: number;
  tell<E extends keyof JobEvents>(event: E, fields: JobEvents[E]): void;
  /** Throws what may pass: then it is tried again. `open` where it was stopped and is still to be put back. */
  work(stop: AbortController): Promise<'ended' | 'open'>;
  putBack(how: PutBack): Promise<'again' | 'ended' | 'not ours'>;
  /** Why it is begun no more, where nothing else is known. */
  givenUp(attempts: number): UserError;
  /** Those who look at it should look again. */
  changed(): void;
}
