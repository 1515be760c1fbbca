/** A task as a process of its own, held to its own files like an analysis. The task comes as the first message. */
import { describe, errors, UserError } from '../../base/errors.ts';
import { failureOf } from '../failure.ts';
import type { FromTask, ToTask } from './messages.ts';

/** Messages must be out before the process ends. */
const tell = (message: FromTask) =>
  new Promise<void>((resolve) => {
    if (process.send) process.send(message, undefined, {}, () => resolve());
    else resolve();
  });

// A worker that died has nobody to tell: another begins it again.
process.once('disconnect', () => process.exit(1));
process.once('message', async (task: ToTask) => {
  try {
    // Loaded when met: one brings decoders, the other all that trains.
    const said =
      task.kind === 'prepare'
        ? await (await import('./prepare-part.ts')).preparePart(task)
        : await (await import('./train-run.ts')).trainRun(task, (progress) => {
            void tell({ kind: 'progress', ...progress });
          });
    await tell({ kind: 'done', said });
  } catch (error) {
    const known = error instanceof UserError ? error : errors.INTERNAL(describe(error));
    await tell({ kind: 'failed', error: failureOf(known) });
  }
  process.exit(0);
});
