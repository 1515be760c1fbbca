/** A run that has not ended, as one file between machines: enough to go on with from its newest checkpoint. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tarEnd, writeTarBody } from '../../data/tar.ts';
import { checkpointFiles } from '../../train/checkpoint.ts';
import { unpackFiles } from './pack.ts';

/** Not its recipe: paths differ between machines, and whoever goes on has it. */
const travels =
  /^(?:(?:environment|landmarks)\.json|metrics\.jsonl|checkpoints\/(?:best|step-\d{8})\.safetensors|tensorboard\/[\w.-]{1,200})$/;

/**
 * Copies what a run needs to go on. To be called when a checkpoint was just written, and at once: the run writes on, and
 * removes old checkpoints. Later figures that it catches are cut off by whoever goes on.
 */
export function copyGoingOn(folder: string, to: string): void {
  for (const name of namesIn(folder)) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    copyFileSync(join(folder, name), join(to, name));
  }
}

/** Writes a tar archive of such a copy, with the newest checkpoint alone. */
export async function packGoingOn(copy: string, tar: string): Promise<void> {
  const old = new Set((await checkpointFiles(join(copy, 'checkpoints'))).slice(1));
  const names = namesIn(copy).filter((name) => !old.has(join(copy, name)));
  await writeTarBody(tar, entries(copy, names));
  await writeFile(tar, tarEnd, { flag: 'a' });
}

/** One after the other: checkpoints are large. */
function* entries(folder: string, names: readonly string[]) {
  for (const name of names) yield { name, bytes: readFileSync(join(folder, name)) };
}

/** Puts it into the folder of a run, which gets its recipe from elsewhere. @throws PackInvalidError for what is no such archive */
export async function unpackGoingOn(tar: string, folder: string): Promise<void> {
  await unpackFiles(tar, folder, travels);
}

function namesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => travels.test(name))
    .sort();
}
