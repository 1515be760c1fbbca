/** A run of a sweep, trained in the process of a task: it reads the folder of its data, and leaves one archive. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { trainPacked } from '../../experiments/run/train-packed.ts';
import type { ToTask } from './messages.ts';
import { runFile } from './run-file.ts';

export async function trainRun(
  { payload, data, out }: Extract<ToTask, { kind: 'train' }>,
  onProgress: (progress: { done: number; total: number; event: Record<string, unknown> }) => void,
): Promise<null> {
  const folder = join(out, 'run');
  await trainPacked({
    recipe: payload.recipe,
    ...{ data, folder, tar: join(out, runFile) },
    onEvent: (event) => {
      if (event.kind === 'train') onProgress({ done: event.step, total: event.steps, event: { ...event } });
    },
  });
  await rm(folder, { recursive: true, force: true });
  return null;
}
