/** A task as a process of its own, held to its own files like an analysis. The task comes as the first message. */
import { describe, errors, UserError } from '../../base/errors.ts';
import { failureOf } from '../failure.ts';
import { openParent } from '../jobs/parent.ts';
import type { FromTask, ToTask } from './messages.ts';

const parent = openParent<ToTask, FromTask>();
const task = await parent.task;
try {
  // Loaded when met: one brings decoders, the other all that trains.
  const said =
    task.kind === 'prepare'
      ? await (await import('./prepare-part.ts')).preparePart(task, parent)
      : await (await import('./train-run.ts')).trainRun(task, parent.tell);
  await parent.tell({ kind: 'done', said });
} catch (error) {
  const known = error instanceof UserError ? error : errors.INTERNAL(describe(error));
  await parent.tell({ kind: 'failed', error: failureOf(known) });
}
process.exit(0);
