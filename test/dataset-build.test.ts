import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, build } from '../src/data/build/build.ts';
import { partJson, partTar } from '../src/data/build/part.ts';
import { readManifest } from '../src/data/manifest.ts';
import { readTarIndex } from '../src/data/tar.ts';

let root: string;
let whole: string;
const script = fileURLToPath(new URL('./slow-build.ts', import.meta.url));

type Unit = { name: string; size: number };
const options = (out: string): BuildOptions<{ milliseconds: number; failing?: string }, Unit> => ({
  out,
  kind: 'test',
  plan: { size: 1 },
  units: Array.from({ length: 24 }, (_, i) => ({
    name: `u${String(i).padStart(2, '0')}`,
    size: 3000 + 100 * i,
  })),
  worker: new URL('./slow-units.ts', import.meta.url),
  settings: { milliseconds: 0 },
  workers: 2,
  manifest: 'csv',
  shardBytes: 50_000,
  dropped: [],
  nameOf: ({ name }) => name,
});

/** Names and contents of all that a reader sees. */
function digest(out: string): Record<string, string> {
  const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  const shards = readdirSync(join(out, 'shards')).sort();
  return Object.fromEntries([
    ...shards.map((name) => [name, hash(join(out, 'shards', name))]),
    ['manifest', hash(join(out, 'manifest.csv'))],
  ]);
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-build-'));
  whole = join(root, 'whole');
  await build(options(whole));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('shards of about the asked size, each sample whole, in the order of the units', async () => {
  const names = readdirSync(join(whole, 'shards')).sort();
  expect(names.length).toBeGreaterThan(4);
  const files = names.flatMap((name) => [...readTarIndex(join(whole, 'shards', name)).files.keys()]);
  expect(files.filter((name) => name.endsWith('.jpg'))).toHaveLength(72);
  expect(files.slice(0, 7)).toEqual([
    'u00-0.jpg',
    'u00-0.json',
    'u00-1.jpg',
    'u00-1.json',
    'u00-1.mask.png',
    'u00-2.jpg',
    'u00-2.json',
  ]);
  for (const name of names) expect(statSync(join(whole, 'shards', name)).size).toBeLessThan(52_000);
  const { items } = await readManifest(join(whole, 'manifest.csv'));
  expect(items).toHaveLength(72);
  expect(items[1]).toMatchObject({ id: 'u00/1', label: 1, mask: `shards/${names[0]}/u00-1.mask.png` });
  const report = JSON.parse(readFileSync(join(whole, 'report.json'), 'utf8'));
  expect(report).toMatchObject({
    items: 72,
    counts: { clips: 24 },
    droppedByReason: [{ reason: 'no face found', count: 24 }],
  });
  expect(report.failures).toEqual([{ id: 'u03', file: 'u03.mp4', reason: 'broken' }]);
});

test('any number of workers gives the same bytes', async () => {
  const out = join(root, 'one');
  await build({ ...options(out), workers: 1 });
  expect(digest(out)).toEqual(digest(whole));
});

test('SIGKILL again and again: nothing twice, nothing lost, the same bytes', async () => {
  const out = join(root, 'killed');
  let kills = 0;
  for (let attempt = 0; attempt < 12; attempt++) {
    // One process: tsx's own command would be killed and leave its child at work.
    const child = spawn(process.execPath, ['--import', 'tsx', script, out, '60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Killed a moment after the first new part is there, so that every attempt gets somewhere.
    const ended = await killAfterWork(child, out, 40 + 90 * attempt);
    if (ended) break;
    kills++;
  }
  expect(kills).toBeGreaterThan(1);
  const begun: number[] = [];
  const report = await build({ ...options(out), onBegin: ({ done }) => begun.push(done) });
  expect(begun[0]).toBeGreaterThan(0);
  expect(report.items).toBe(72);
  expect(digest(out)).toEqual(digest(whole));
  expect(readdirSync(join(out, '.build')).filter((name) => /^\d|tmp$|lock/.test(name))).toEqual([]);
}, 240_000);

test('a finished build does nothing when it is started again', async () => {
  const worked: string[] = [];
  await build({ ...options(whole), onUnit: (name) => worked.push(name) });
  expect(worked).toEqual([]);
});

test('a shard cut in half is named and made again, the others stay', async () => {
  const out = join(root, 'half');
  await build(options(out));
  const before = digest(out);
  const path = join(out, 'shards', 'shard-000002.tar');
  truncateSync(path, 20_000);
  expect(readTarIndex(path).fault).toMatch(/cut off after 20000 bytes/);
  const damaged: string[] = [];
  const worked: string[] = [];
  await build({
    ...options(out),
    onBegin: (state) => damaged.push(...state.damaged),
    onUnit: (name) => worked.push(name),
  });
  expect(damaged).toEqual(['shard-000002.tar']);
  expect(worked.length).toBeGreaterThan(0);
  expect(worked.length).toBeLessThan(8);
  expect(digest(out)).toEqual(before);
});

test('another plan in the same folder, and a process at work there, are refused', async () => {
  await expect(build({ ...options(whole), plan: { size: 2 } })).rejects.toThrow(/size: 1 then, 2 now/);
  await expect(build({ ...options(whole), units: [] })).rejects.toThrow(/source’s files/);
  const lock = join(whole, '.build', 'lock');
  writeFileSync(lock, '1');
  await expect(build(options(whole))).rejects.toThrow(/process 1\b/);
  writeFileSync(lock, '999999');
  await build(options(whole));
});

test('an output that cannot be written is named', async () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  await expect(build(options(join(file, 'set')))).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
});

test('a bug in a worker ends the build, not the process, and what was done stays', async () => {
  const out = join(root, 'bug');
  const failing = { ...options(out), settings: { milliseconds: 0, failing: 'u05' }, workers: 1 };
  await expect(build(failing)).rejects.toThrow('a bug');
  const begun: number[] = [];
  await build({ ...options(out), onBegin: ({ done }) => begun.push(done) });
  expect(begun).toEqual([5]);
  expect(digest(out)).toEqual(digest(whole));
});

describe('what a kill can leave between two renames', () => {
  /** Three units done, none sealed; the fourth fails. */
  async function unsealed(name: string): Promise<string> {
    const out = join(root, name);
    const failing = { ...options(out), settings: { milliseconds: 0, failing: 'u03' }, workers: 1 };
    await expect(build(failing)).rejects.toThrow('a bug');
    return out;
  }
  const parts = (out: string) =>
    [0, 1, 2].map((unit) => JSON.parse(readFileSync(partJson(join(out, '.build'), unit), 'utf8')));
  const record = (out: string) => ({
    name: 'shard-000000.tar',
    bytes: 12_345,
    sha256: 'x',
    from: 0,
    to: 3,
    parts: parts(out),
  });

  test('the record of a shard that never got its name: it is sealed again, nothing is made again', async () => {
    const out = await unsealed('record-only');
    writeFileSync(join(out, '.build', 'shard-000000.json'), JSON.stringify(record(out)));
    const worked: string[] = [];
    const damaged: string[] = [];
    const onBegin = (state: { damaged: readonly string[] }) => damaged.push(...state.damaged);
    const { items } = await build({ ...options(out), onBegin, onUnit: (name) => worked.push(name) });
    expect(items).toBe(72);
    expect(damaged).toEqual([]);
    expect(worked).not.toContain('u00');
    expect(worked).toHaveLength(21);
  });

  test('a shard with its parts still there: they are not sealed twice', async () => {
    const out = await unsealed('shard-and-parts');
    const made = record(out);
    const shard = Buffer.concat([
      ...[0, 1, 2].map((unit) => readFileSync(partTar(join(out, '.build'), unit))),
      Buffer.alloc(1024),
    ]);
    writeFileSync(join(out, 'shards', made.name), shard);
    writeFileSync(join(out, '.build', 'shard-000000.json'), JSON.stringify({ ...made, bytes: shard.length }));
    await build(options(out));
    const { items } = await readManifest(join(out, 'manifest.csv'));
    expect(new Set(items.map(({ id }) => id)).size).toBe(72);
    expect(items).toHaveLength(72);
  });

  test('half files under temporary names, and a part whose archive is cut', async () => {
    const out = await unsealed('temporary');
    for (const folder of ['shards', '.build']) writeFileSync(join(out, folder, '.x.tar.99.tmp'), 'half');
    truncateSync(partTar(join(out, '.build'), 1), 100);
    const worked: string[] = [];
    await build({ ...options(out), onUnit: (name) => worked.push(name) });
    expect(worked).toContain('u01');
    expect(worked).not.toContain('u00');
    expect(digest(out)).toEqual(digest(whole));
    expect(readdirSync(join(out, 'shards')).filter((name) => name.endsWith('tmp'))).toEqual([]);
  });
});

async function killAfterWork(child: ChildProcess, out: string, milliseconds: number): Promise<boolean> {
  const count = () => {
    try {
      return readdirSync(join(out, '.build'))
        .filter((name) => name.endsWith('.json'))
        .join();
    } catch {
      return '';
    }
  };
  const before = count();
  let over = false;
  const gone = new Promise<void>((done) =>
    child.once('exit', () => {
      over = true;
      done();
    }),
  );
  while (!over && count() === before) await new Promise((done) => setTimeout(done, 5));
  await Promise.race([gone, new Promise((done) => setTimeout(done, milliseconds))]);
  if (over) return true;
  child.kill('SIGKILL');
  await gone;
  return false;
}
