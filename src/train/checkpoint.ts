/** Checkpoints: weights, running statistics, optimiser state and averages at a step, as safetensors. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, errors } from '../base/errors.ts';
import type { Tensor } from '../graph/tensor.ts';
import { encodeSafeTensors, readSafeTensors } from '../models/weights/safetensors.ts';
import { writeWhole } from './write-file.ts';

const progressSchema = z.strictObject({
  /** Steps done. */
  step: z.int().nonnegative(),
  /** Best value of the validation metric so far, and when. */
  best: z.strictObject({ value: z.number(), step: z.int().nonnegative() }).optional(),
  /** Validations since then. */
  sinceBest: z.int().nonnegative(),
});
export type Progress = z.infer<typeof progressSchema>;

export interface Checkpoint {
  readonly path: string;
  readonly progress: Progress;
  /** By layer path, `state/SLOT/PATH` and `ema/PATH`. Nothing random is kept: all draws are functions of the step. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const metadataKey = 'mesoscope.progress';
const pattern = /^step-(\d{8})\.safetensors$/;

/** Writes `step-N.safetensors` whole, then removes all but the newest `keep`. @throws OUTPUT_UNWRITABLE. */
export async function saveCheckpoint(
  folder: string,
  tensors: ReadonlyMap<string, Tensor>,
  progress: Progress,
  keep: number,
): Promise<string> {
  const path = join(folder, `step-${String(progress.step).padStart(8, '0')}.safetensors`);
  await writeWhole(path, encodeSafeTensors(tensors, { [metadataKey]: JSON.stringify(progress) }));
  const old = (await checkpointFiles(folder)).slice(keep);
  await Promise.all(old.map((file) => rm(file, { force: true })));
  return path;
}

/** The checkpoint files of a folder, newest first. */
export async function checkpointFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => pattern.test(name))
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}

/** @throws WEIGHTS_INVALID where the file is damaged, CHECKPOINT_MISMATCH where it is no checkpoint of ours. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = await readSafeTensors(path);
  try {
    return { path, tensors, progress: progressSchema.parse(JSON.parse(metadata[metadataKey] ?? 'null')) };
  } catch (cause) {
    throw errors.CHECKPOINT_MISMATCH(path, `its progress is unreadable (${describe(cause)})`);
  }
}

/** The newest checkpoint that can be read; damaged newer ones are told to `onDamaged`. Undefined where none is. */
export async function newestCheckpoint(
  folder: string,
  onDamaged: (error: Error) => void = () => {},
): Promise<Checkpoint | undefined> {
  for (const path of await checkpointFiles(folder)) {
    try {
      return await readCheckpoint(path);
    } catch (error) {
      onDamaged(error as Error);
    }
  }
  return undefined;
}
