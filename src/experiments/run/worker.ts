/** One training run as a process of its own: `node worker.js FOLDER`. Its crash is that run's alone. */
import { continueRun } from '../../train/run.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
// A parent that died leaves nobody to report to: stop with a checkpoint.
process.on('disconnect', () => stop.abort());

try {
  const summary = await continueRun({
    folder: process.argv[2],
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind === 'train' || event.kind === 'validation') process.send?.({ kind: 'event', event });
    },
  });
  process.send?.({ kind: 'done', summary });
} catch (thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  process.send?.({ kind: 'failed', message: error.message, code: (error as { code?: string }).code });
  process.exitCode = 1;
} finally {
  process.disconnect?.();
}
