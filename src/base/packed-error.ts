/** Errors on their way between threads, in Node and in a browser. */
import { type ErrorCode, UserError } from './errors.ts';

/** An error as it travels between threads, where classes are lost. */
export interface PackedError {
  message: string;
  stack: string | undefined;
  user: { code: ErrorCode; next: string } | undefined;
}

export function packError(thrown: unknown): PackedError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const user = error instanceof UserError ? { code: error.code, next: error.next } : undefined;
  return { message: error.message, stack: error.stack, user };
}

/** A user's error stays one, with its code; anything else becomes an `Error` with the worker's stack. */
export function unpackError({ message, stack, user }: PackedError): Error {
  if (user) {
    const fact = message.endsWith(user.next)
      ? message.slice(0, message.length - user.next.length).trim()
      : message;
    return new UserError(user.code, fact, user.next);
  }
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
