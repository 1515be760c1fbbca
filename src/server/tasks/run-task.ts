/** One task on this worker: in a process of its own, what it left kept in the store, or the task put back. */

import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errors, UserError } from '../../base/errors.ts';
import { sha256OfFile } from '../../base/hash.ts';
import { ownScript } from '../../base/own-script.ts';
import type { ServerConfig } from '../config.ts';
import type { Database } from '../database/database.ts';
import {
  type BegunTask,
  finishTask,
  isStillMine,
  reportTask,
  type TaskEnding,
  taskEndedByThis,
} from '../database/task-steps.ts';
import { mediaOfTask, type TaskProgress, type TaskResult } from '../database/tasks.ts';
import { failureOf } from '../failure.ts';
import { answerRead } from '../jobs/child.ts';
import { untilAnswered } from '../jobs/finish-surely.ts';
import { type ChildLimits, runProcess } from '../jobs/process.ts';
import { ProgressWriter } from '../jobs/progress-writer.ts';
import type { Queue } from '../jobs/queue.ts';
import { failureKind } from '../jobs/retry.ts';
import { onlyPlainFiles } from '../storage/left-files.ts';
import type { Storage } from '../storage/storage.ts';
import { type Log, secondsSince, taskTryOf } from '../watch/log.ts';
import type { CheckpointKeeper } from './checkpoint-keeper.ts';
import { type FromTask, fromTaskSchema, type ToTask } from './messages.ts';
import { prepareGround } from './prepare-ground.ts';
import type { SetCache } from './set-cache.ts';
import { trainGround } from './train-ground.ts';

export interface TaskParts {
  database: Database;
  queue: Queue;
  storage: Storage;
  config: Pick<ServerConfig, 'prepare' | 'train' | 'checkpointSeconds'>;
  /** What runs read. */
  sets: SetCache;
  confined: boolean;
  log: Log;
  /** Another program in place of a task's own; tests bring ones that misbehave. */
  taskScript?: URL;
}

/** A task's needs, once they are met on this machine. */
export interface Ground {
  task: ToTask;
  limits: ChildLimits;
  /** Files and folders of users that its process may read by itself. */
  read: readonly string[];
  /** Bytes of its files that it may ask for. */
  ranges?: (file: number, at: number, length: number) => Promise<Uint8Array>;
  /** Names of what it leaves, all of them. */
  leaves: readonly string[];
  /** Takes what it can go on from. */
  checkpoints?: CheckpointKeeper;
  close?: () => void;
}

/** How often a task is looked at that says nothing by itself: it may have been cancelled, ms. */
const lookEvery = 3_000;

const ownTask = ownScript('server/tasks/worker.ts');

/**
 * Throws what may pass: then the task is to be tried again. Nothing after an abort.
 * @returns `open` where it was aborted and the task is still to be handed back
 */
export async function runTask(
  parts: TaskParts,
  task: BegunTask,
  stop: AbortController,
): Promise<'ended' | 'open'> {
  const { database, queue, storage, log } = parts;
  const begun = performance.now();
  let ending: TaskEnding | undefined;
  let looking = true;
  const look = setInterval(() => {
    // While the database is away nobody can take it from us.
    isStillMine(database, task).then(
      (ours) => !ours && looking && stop.abort(),
      () => undefined,
    );
  }, lookEvery);
  try {
    ending = await work(parts, task, stop);
  } catch (error) {
    await storage.removeTaskFolder(task.id, task.attempts);
    if (stop.signal.aborted) return 'open';
    if (!(error instanceof UserError) || failureKind(error.code) !== 'final') throw error;
    ending = { status: 'failed', error: failureOf(error) };
  } finally {
    looking = false;
    clearInterval(look);
  }
  if (!ending) {
    await storage.removeTaskFolder(task.id, task.attempts);
    return 'open';
  }
  const known: TaskEnding = ending;
  const { value, lost } = await untilAnswered(() => finishTask(database, queue, task, known), stop.signal);
  const kept = value.kept || (lost && (await taskEndedByThis(database, task)));
  const ended = { ...taskTryOf(task), seconds: secondsSince(begun) };
  if (kept && task.kind === 'train') {
    await storage.removeCheckpoints(task.id).catch(() => log.tell('task left behind', taskTryOf(task)));
  }
  if (!kept) {
    log.tell('task dropped', ended);
    await storage.removeTaskAttempt(task.id, task.attempts);
  } else if (known.status === 'done') log.tell('task done', ended);
  else log.tell('task failed', { ...ended, code: known.error.code });
  await removeOrphans(parts, value.orphans);
  return 'ended';
}

/** Files that no task needs any more. What cannot be removed now is only room. */
export async function removeOrphans(
  { storage, log }: Pick<TaskParts, 'storage' | 'log'>,
  orphans: readonly string[],
): Promise<void> {
  for (const media of orphans) {
    await storage.removeMedia(media).catch(() => log.tell('media left behind', { media }));
  }
}

/** Undefined where it was stopped. */
async function work(
  parts: TaskParts,
  task: BegunTask,
  stop: AbortController,
): Promise<TaskEnding | undefined> {
  const { database, storage } = parts;
  const media = await mediaOfTask(database, task.id);
  const out = storage.taskFolder(task.id, task.attempts);
  const ground =
    task.kind === 'prepare'
      ? prepareGround(parts, task, media, out)
      : await trainGround(parts, task, media, out, stop.signal);
  const said = await hear(parts, task, ground, out, stop).finally(() => ground.close?.());
  if (said === undefined) return undefined;
  if (said.kind === 'failed') {
    const { code, title, next } = said.error;
    throw new UserError(code as UserError['code'], title, next);
  }
  const result: TaskResult = { files: {}, said: said.said };
  for (const name of await onlyPlainFiles(out)) {
    if (!ground.leaves.includes(name))
      throw errors.TASK_CRASHED(task.name, `it left ${JSON.stringify(name)}`);
    const path = join(out, name);
    const { size: bytes } = await stat(path);
    result.files[name] = { bytes, sha256: await sha256OfFile(path) };
    // Buckets have no ranges of nothing.
    if (bytes === 0) await rm(path);
  }
  const missing = ground.leaves.find((name) => !Object.hasOwn(result.files, name));
  if (missing !== undefined) throw errors.TASK_CRASHED(task.name, `it left no ${missing}`);
  await storage.keepTask(task.id, task.attempts);
  return { status: 'done', result };
}

/** Runs the process to its end; undefined where it was stopped. */
async function hear(
  { database, confined, taskScript }: TaskParts,
  task: BegunTask,
  { task: message, limits, read, ranges, checkpoints }: Ground,
  out: string,
  stop: AbortController,
): Promise<Extract<FromTask, { kind: 'done' | 'failed' }> | undefined> {
  const { name } = task;
  const progress = new ProgressWriter<TaskProgress>((now) => reportTask(database, task, now), stop);
  let said: Extract<FromTask, { kind: 'done' | 'failed' }> | undefined;
  let broken: unknown;
  const { stopped, why } = await runProcess({
    ...{ script: taskScript ?? ownTask, task: message, read, out, limits, confined, signal: stop.signal },
    breakdowns: {
      memory: (used, limit) => errors.TASK_MEMORY(name, used, limit),
      time: (seconds) => errors.TASK_TIME(name, seconds),
      cpu: (seconds) => errors.TASK_CPU(name, seconds),
      crashed: (how) => errors.TASK_CRASHED(name, how),
    },
    onMessage: async (raw, answer) => {
      const parsed = fromTaskSchema.safeParse(raw);
      if (!parsed.success) return false;
      const heard = parsed.data;
      if (heard.kind === 'progress') {
        const { kind: _, ...now } = heard;
        progress.take(now as TaskProgress);
      } else if (heard.kind === 'checkpoint') {
        // A process of another kind has none to leave.
        if (!checkpoints) return false;
        checkpoints.take(heard.step);
      } else if (heard.kind === 'read') {
        await answerRead(answer, heard, async (at, length) => {
          try {
            if (!ranges) throw new Error('it may not ask for bytes');
            return await ranges(heard.file, at, length);
          } catch (error) {
            broken ??= error;
            throw error;
          }
        });
      } else said = heard;
      return true;
    },
  });
  await progress.end();
  await checkpoints?.end();
  if (said === undefined && stopped) return undefined;
  // To a decoder a lost connection looks like damage: what it made of the rest is no finding about the file.
  if (broken) throw broken;
  if (said === undefined) throw why;
  return said;
}
