/** A run of a sweep, trained in the process of a task: it reads the folder of its data, and leaves one archive. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { copyGoingOn, packGoingOn } from '../../experiments/run/going-on.ts';
import { trainPacked } from '../../experiments/run/train-packed.ts';
import type { FromTask, ToTask } from './messages.ts';
import { checkpointFile, goOnFile, runFile } from './run-file.ts';

export async function trainRun(
  { payload, data, out, goOn, checkpointSeconds }: Extract<ToTask, { kind: 'train' }>,
  tell: (message: FromTask) => Promise<void>,
): Promise<null> {
  const folder = join(out, 'run');
  const copy = join(out, 'going-on');
  const from = join(out, goOnFile);
  let last = performance.now();
  let packing: Promise<void> | undefined;
  // Copied before it first waits: the run writes on.
  const pack = async (step: number) => {
    copyGoingOn(folder, copy);
    await packGoingOn(copy, join(out, checkpointFile(step)));
    await rm(copy, { recursive: true, force: true });
    await tell({ kind: 'checkpoint', step });
    packing = undefined;
  };
  await trainPacked({
    recipe: payload.recipe,
    ...{ data, folder, tar: join(out, runFile) },
    from: goOn ? from : undefined,
    onEvent: (event) => {
      if (event.kind === 'train') {
        void tell({ kind: 'progress', done: event.step, total: event.steps, event: { ...event } });
      } else if (event.kind === 'checkpoint') {
        if (packing || performance.now() - last < checkpointSeconds * 1000) return;
        last = performance.now();
        packing = pack(event.step);
        // A disk that is full for this alone must not end the training; the next one tries again.
        packing = packing.catch(async () => {
          packing = undefined;
          for (const path of [copy, join(out, checkpointFile(event.step))]) {
            await rm(path, { recursive: true, force: true });
          }
        });
      }
    },
  });
  await packing;
  for (const path of [folder, copy, from]) await rm(path, { recursive: true, force: true });
  return null;
}
