/** A sweep by workers: each run goes out as a task, and comes back into its folder as a run that was trained here. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { errors, UserError } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import { inputsOfRun, type SetFiles } from '../../experiments/run/inputs.ts';
import { PackInvalidError, unpackRun } from '../../experiments/run/pack.ts';
import type { RunOutcome } from '../../experiments/run/process.ts';
import type { RunEvent, SweepOptions } from '../../experiments/sweep.ts';
import type { TaskState } from '../database/tasks.ts';
import type { Joined } from '../work.ts';
import { fetchResult, takeResult } from './fetch-result.ts';
import { type TrainPayload, taskKey } from './payload.ts';
import { runFile } from './run-file.ts';
import { endOfTask, type HashedFile, hashFile, sendTask } from './send.ts';
import type { SendOptions } from './send-parts.ts';

type Train = NonNullable<SweepOptions['train']>;

/** For `sweep`'s `train`. What is wrong with a run is its outcome; what is wrong with the queue or the store is thrown. */
export function trainedByWorkers(joined: Joined, { sender, signal }: SendOptions): Train {
  const sets = new Map<string, SetFiles>();
  const hashes = new Map<string, Promise<HashedFile>>();
  const hashOf = (path: string) => {
    const known = hashes.get(path) ?? hashFile(path);
    hashes.set(path, known);
    return known;
  };
  let sending: Promise<unknown> = Promise.resolve();
  const send = async (folder: string): Promise<string> => {
    const inputs = await inputsOfRun(folder, sets);
    const local: HashedFile[] = [];
    const files: TrainPayload['files'] = [];
    for (const { name, path } of inputs.files) {
      const file = await hashOf(path);
      local.push(file);
      files.push({ file: name, sha256: file.sha256, bytes: file.bytes });
    }
    const payload: TrainPayload = { mesoscope: version, recipe: { ...inputs.recipe }, files };
    const key = taskKey('train', payload);
    const name = `The run ${inputs.recipe.name}`;
    await sendTask(joined, { kind: 'train', key, name, payload, ...sender }, local);
    return key;
  };
  return async (folder, { onEvent = () => undefined } = {}) => {
    // One after the other: the first brings the set to the store, the others find it there.
    const sent = sending.then(() => (signal.aborted ? '' : send(folder)));
    sending = sent.catch(() => undefined);
    let key: string;
    try {
      key = await sent;
    } catch (error) {
      if (!(error instanceof UserError) || ofTheQueue.test(error.code)) throw error;
      // Its data cannot be read: locally that would be its process's word.
      return { failure: { message: error.message, code: error.code } };
    }
    if (key === '') return stopped;
    const onLook = ({ progress }: TaskState) => {
      const event = progressSchema.safeParse(progress?.event);
      if (event.success) onEvent(progress?.event as RunEvent);
    };
    const outcome = await takeResult(
      joined,
      () => endOfTask(joined, key, signal, { onLook, every: lookEvery }),
      () => send(folder),
      (state) => outcomeOf(joined, state, folder),
    );
    return outcome ?? stopped;
  };
}

const stopped: RunOutcome = { failure: { message: 'it was stopped', code: null } };

/** Each run of a sweep looks for itself, ms. */
const lookEvery = 2_000;

/** What concerns all runs alike. */
const ofTheQueue = /^(?:STORE|DATABASE|QUEUE)_/;

/** What a progress display needs of the event; the rest is for it alone. */
const progressSchema = z.looseObject({
  kind: z.literal('train'),
  step: z.int().nonnegative(),
  steps: z.int().nonnegative(),
});

/** @throws TASK_RESULT_INVALID, STORE_UNREACHABLE */
async function outcomeOf(joined: Joined, state: TaskState, folder: string): Promise<RunOutcome> {
  if (state.status === 'failed') {
    const { code, title, next } = state.error ?? { code: null, title: 'it failed', next: '' };
    return { failure: { message: `${title} ${next}`.trim(), code } };
  }
  const tar = joined.storage.upload(randomUUID());
  try {
    await fetchResult(joined, state, runFile, tar);
    return { summary: await unpackRun(tar, folder) };
  } catch (error) {
    if (!(error instanceof PackInvalidError)) throw error;
    throw errors.TASK_RESULT_INVALID(state.name, error.message);
  } finally {
    await rm(tar, { force: true });
  }
}
