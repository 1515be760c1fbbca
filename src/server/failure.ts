/** A user's error as it is stored and sent. */
import type { UserError } from '../base/errors.ts';

export interface Failure {
  code: string;
  title: string;
  next: string;
}

export function failureOf({ code, fact, next }: UserError): Failure {
  return { code, title: fact, next };
}
