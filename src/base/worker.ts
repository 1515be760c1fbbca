/** Worker threads that start from TypeScript in development and tests, and from JavaScript once built. */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { type ErrorCode, UserError } from './errors.ts';

/**
 * Starts a worker thread. `url` is written by the caller as `new URL('./worker.ts', import.meta.url)`; once built,
 * the file beside it ends in `.js`, which the compiler does not know of inside a URL, so it is mended here.
 * TypeScript is loaded by `tsx`, a development dependency: a built package never asks for it.
 */
export function startWorker(url: URL, options: WorkerOptions = {}): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL(url.href.replace(/\.ts$/, '.js')), options);
  }
  // Not `execArgv: ['--import', 'tsx']`: tsx leaves worker threads alone there, and Node 20 refuses the extension.
  return new Worker(new URL('./worker-start.mjs', import.meta.url), { ...options, argv: [url.href] });
}

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
