/** Something that was begun and runs here, whatever its kind. */
import type { UserError } from '../../base/errors.ts';
import type { PutBack } from '../database/steps.ts';

export interface Job {
  id: string;
  /** For the log. */
  label: string;
  /** Tries so far, this one too. */
  attempts: number;
  /** Tries that a lost connection ended. */
  lost: number;
  /** Throws what may pass: then it is tried again. Nothing after an abort. */
  work(stop: AbortController): Promise<void>;
  putBack(how: PutBack): Promise<unknown>;
  /** Why it is begun no more, where nothing else is known. */
  givenUp(attempts: number): UserError;
  /** Those who look at it should look again. */
  changed(): void;
}
