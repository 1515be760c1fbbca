/** Worker threads that start from TypeScript in development and tests, and from JavaScript once built. */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { isBuilt, ownScript } from './own-script.ts';

export { type PackedError, packError, unpackError } from './packed-error.ts';

/** A module of `src/` named `worker.ts` that runs as a worker thread, by its path there. */
export type WorkerModule = `${string}/worker.ts`;

/**
 * Starts a worker thread. TypeScript is loaded by `tsx`, a development dependency: a built package never asks for it. A URL
 * is taken as it is: tests bring workers of their own.
 */
export function startWorker(module: WorkerModule | URL, options: WorkerOptions = {}): Worker {
  // See runtime/engine.ts, which may be loaded first in the thread: what a thread sets, the engine does not see.
  process.env.ORT_DISABLE_TELEMETRY = '1';
  const url = typeof module === 'string' ? ownScript(module) : module;
  if (isBuilt && typeof module === 'string') return new Worker(url, options);
  // Not `execArgv: ['--import', 'tsx']`: tsx leaves worker threads alone there, and Node 20 refuses the extension.
  return new Worker(new URL('./worker-start.mjs', import.meta.url), { ...options, argv: [url.href] });
}
