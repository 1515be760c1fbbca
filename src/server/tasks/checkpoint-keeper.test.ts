import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/media-fixtures.ts';
import type { Database } from '../database/database.ts';
import type { BegunTask } from '../database/task-steps.ts';
import { FolderStore } from '../storage/folder-store.ts';
import { Storage } from '../storage/storage.ts';
import type { EventName } from '../watch/events.ts';
import type { Log } from '../watch/log.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import { checkpointFile } from './run-file.ts';

const made = temporaryFolder();
const id = '00000000-0000-4000-8000-00000000000a';

/** @param ours whether the database says that the task is still this worker's */
function keeper(name: string, seconds: number, ours = true) {
  const out = made(`${name}-out`);
  mkdirSync(out, { recursive: true });
  const store = made(name);
  const told: EventName[] = [];
  const log: Log = { tell: (event) => void told.push(event) };
  const database = { query: async () => (ours ? [{ id }] : []) } as unknown as Database;
  const storage = new Storage(made(`${name}-data`), 0, new FolderStore(store));
  const task = { id, kind: 'train', attempts: 1, job: null, checkpoint: null } as BegunTask;
  const kept = () => {
    const folder = join(store, 'tasks', id, 'going-on');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  const { signal } = new AbortController();
  return {
    out,
    kept,
    told,
    keeper: new CheckpointKeeper({ database, storage, log }, task, out, seconds, signal),
  };
}

test('the newest is kept, and the one before goes', async () => {
  const { out, kept, told, keeper: it } = keeper('newest', 0);
  for (const step of [10, 20]) {
    writeFileSync(join(out, checkpointFile(step)), 'weights');
    it.take(step);
    await it.end();
  }
  expect(kept()).toEqual(['1-20.tar']);
  expect(readdirSync(out)).toEqual([]);
  expect(told).toEqual([]);
});

test('a process that tells them without end does not fill the store', async () => {
  const { out, kept, keeper: it } = keeper('flood', 60);
  for (let step = 1; step <= 50; step++) {
    writeFileSync(join(out, checkpointFile(step)), 'weights');
    it.take(step);
    if (step % 10 === 0) await it.end();
  }
  await it.end();
  expect(kept()).toEqual(['1-1.tar']);
  expect(readdirSync(out)).toEqual([]);
});

test('a link to a file of ours is not handed out', async () => {
  const { out, kept, told, keeper: it } = keeper('link', 0);
  writeFileSync(made('secret'), 'secret');
  symlinkSync(made('secret'), join(out, checkpointFile(1)));
  it.take(1);
  await it.end();
  expect(kept()).toEqual([]);
  expect(told).toEqual(['task checkpoint lost']);
  expect(existsSync(made('secret'))).toBe(true);
});

test('what a worker keeps that was taken for dead goes again', async () => {
  const { out, kept, keeper: it } = keeper('late', 0, false);
  writeFileSync(join(out, checkpointFile(5)), 'weights');
  it.take(5);
  await it.end();
  expect(kept()).toEqual([]);
});
