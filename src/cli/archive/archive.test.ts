import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from '../../../test/command.ts';
import { analysisOf, errorOf, type FakeScanner, fakeScanner } from '../../../test/fake-scanner.ts';
import { errors } from '../../base/errors.ts';
import { resultSchema } from '../../detect/result.ts';
import { Ledger } from './ledger.ts';

let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-archive-'));
  out = join(folder, 'out');
  mkdirSync(join(folder, 'media'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function files(count: number, from = 0): void {
  for (let k = from; k < from + count; k++) {
    const inside = join(folder, 'media', String(k % 7));
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, `clip-${String(k).padStart(4, '0')}.mp4`), 'x');
  }
}

const archive = (scanner: FakeScanner, interrupt = new AbortController(), ...more: string[]) =>
  command(['scan', join(folder, 'media'), '--archive', '--out', out, ...more], {
    openScanner: async () => scanner,
    signal: interrupt.signal,
  });

function ledger() {
  return readdirSync(join(out, 'results'))
    .sort()
    .map((name) =>
      readFileSync(join(out, 'results', name), 'utf8')
        .trimEnd()
        .split('\n'),
    )
    .map((lines) => lines.map((line) => JSON.parse(line)));
}

const rows = async (part: number) =>
  parquetReadObjects({
    file: await asyncBufferFromFile(join(out, 'parquet', `part-${String(part).padStart(6, '0')}.parquet`)),
  });

test('every file once, the same in Parquet, and a page that counts', async () => {
  files(63);
  const answer = (path: string) =>
    path.endsWith('7.mp4')
      ? errorOf(path, errors.CLIP_EMPTY(path))
      : analysisOf(path.endsWith('3.mp4') ? 'likely' : 'clean', path);
  const { code, stdout } = await archive(fakeScanner(answer));
  // Some could not be read.
  expect(code).toBe(1);
  expect(stdout).toContain('63 files, 63 of them now');
  const parts = ledger();
  expect(parts.map((lines) => lines.length)).toEqual([63]);
  for (const { result } of parts[0]) resultSchema.parse(result);
  const likely = parts.flat().filter(({ result }) => result.verdict === 'manipulation_likely');
  expect(likely).toHaveLength(6);
  const table = await rows(0);
  expect(table.map(({ path }) => path)).toEqual(parts.flat().map(({ result }) => result.clip.path));
  const bad = table.filter(({ error_code: bad }) => bad === 'CLIP_EMPTY');
  expect(bad).toHaveLength(6);
  // A failure is no score.
  expect(bad.every(({ score, status }) => score === null && status === 'error')).toBe(true);
  expect(typeof table.find(({ status }) => status === 'scored')?.score).toBe('number');
  const page = readFileSync(join(out, 'archive.html'), 'utf8');
  expect(page).toContain('63 files scanned');
  expect(page).toMatch(/CLIP_EMPTY<\/code><\/td><td class="n">6</);
  // A report for each that somebody will want to look at, and for no other.
  expect(readdirSync(join(out, 'reports'))).toHaveLength(6);
  expect(page.match(/href="reports\//g)).toHaveLength(6);
});

test('a part is closed when it is full, and an opened ledger goes on in the last one', async () => {
  const seen = (k: number) => ({ path: `/a/${k}.mp4`, bytes: k, modifiedMs: 0 });
  const { result } = analysisOf('clean', '/a');
  const first = await Ledger.open(out, { perPart: 10 });
  for (let k = 0; k < 24; k++)
    await first.add(seen(k), { ...result, clip: { ...result.clip, path: seen(k).path } });
  expect(ledger().map((lines) => lines.length)).toEqual([10, 10, 4]);
  expect(readdirSync(join(out, 'parquet')).sort()).toEqual(['part-000000.parquet', 'part-000001.parquet']);
  let heard = 0;
  const second = await Ledger.open(out, { perPart: 10, onResult: () => heard++ });
  expect([heard, second.size, second.has(seen(23)), second.has({ ...seen(23), bytes: 1 })]).toEqual([
    24,
    24,
    true,
    false,
  ]);
  for (let k = 24; k < 31; k++) await second.add(seen(k), result);
  await second.flush();
  expect(ledger().map((lines) => lines.length)).toEqual([10, 10, 10, 1]);
  expect(await rows(3)).toHaveLength(1);
});

test('interrupted and torn: goes on, and nothing is there twice or missing', async () => {
  files(40);
  const stop = new AbortController();
  let scanned = 0;
  const first = fakeScanner((path, signal) => {
    if (++scanned === 25) {
      stop.abort(130);
      signal?.throwIfAborted();
    }
    return analysisOf('clean', path);
  });
  expect((await archive(first, stop)).code).toBe(130);
  expect(ledger().flat()).toHaveLength(24);
  expect(readFileSync(join(out, 'archive.html'), 'utf8')).toContain('Not finished');
  // As a kill in the middle of a write leaves it.
  const part = join(out, 'results', 'part-000000.jsonl');
  truncateSync(part, readFileSync(part).length - 40);
  const second = fakeScanner((path) => analysisOf('clean', path));
  const { code, stderr } = await archive(second);
  expect(code).toBe(0);
  expect(stderr).toContain('going on after 23 files');
  expect(second.scanned).toHaveLength(17);
  const paths = ledger()
    .flat()
    .map(({ seen }) => seen.path);
  expect(new Set(paths).size).toBe(40);
  expect(paths).toHaveLength(40);
  expect(await rows(0)).toHaveLength(40);
  // Once more: nothing is left to do.
  const third = fakeScanner();
  await archive(third);
  expect(third.scanned).toEqual([]);
});

test('a changed file is scanned again; a line that is no result is named', async () => {
  files(3);
  await archive(fakeScanner());
  writeFileSync(join(folder, 'media', '1', 'clip-0001.mp4'), 'longer now');
  const again = fakeScanner();
  await archive(again);
  expect(again.scanned).toEqual([join(folder, 'media', '1', 'clip-0001.mp4')]);
  await appendFile(join(out, 'results', 'part-000000.jsonl'), '{"seen":1}\n');
  const { code, stderr } = await archive(fakeScanner());
  expect(code).toBe(1);
  expect(stderr).toContain('LEDGER_INVALID');
  expect(stderr).toContain('line 5');
});

test('watching takes up what comes later, and ends with Ctrl-C', async () => {
  files(2);
  const stop = new AbortController();
  const scanner = fakeScanner((path) => {
    if (path.endsWith('0001.mp4')) setTimeout(() => files(1, 2), 50);
    if (path.endsWith('0002.mp4')) setTimeout(() => stop.abort(130), 50);
    return analysisOf('clean', path);
  });
  const { code } = await archive(scanner, stop, '--watch', '1');
  expect(code).toBe(130);
  expect(scanner.scanned.map((path) => path.slice(-8))).toEqual(['0000.mp4', '0001.mp4', '0002.mp4']);
  expect(ledger().flat()).toHaveLength(3);
}, 30_000);

test('several at a time: each file once, never more than asked for, all processes closed', async () => {
  files(450);
  const scanners: FakeScanner[] = [];
  let [running, most] = [0, 0];
  const open = async () => {
    const scanner = fakeScanner(async (path) => {
      most = Math.max(most, ++running);
      await new Promise((done) => setTimeout(done, path.endsWith('0.mp4') ? 8 : 1));
      running--;
      return analysisOf('clean', path);
    });
    scanners.push(scanner);
    return scanner;
  };
  const all = ['scan', join(folder, 'media'), '--archive', '--out', out, '--jobs', '3'];
  expect((await command(all, { openScanner: open })).code).toBe(0);
  expect([scanners.length, most]).toEqual([3, 3]);
  expect(scanners.every((scanner) => scanner.isClosed() && scanner.scanned.length > 20)).toBe(true);
  const paths = ledger()
    .flat()
    .map(({ seen }) => seen.path);
  expect([paths.length, new Set(paths).size]).toEqual([450, 450]);
  expect(await rows(0)).toHaveLength(450);
});

test('several at a time: what concerns the archive ends it, and the others are waited for', async () => {
  files(30);
  const scanners: FakeScanner[] = [];
  let running = 0;
  const open = async () => {
    const scanner = fakeScanner(async (path) => {
      running++;
      await new Promise((done) => setTimeout(done, 5));
      running--;
      if (path.endsWith('0009.mp4')) throw errors.DETECTOR_MISSING('gone.onnx');
      return analysisOf('clean', path);
    });
    scanners.push(scanner);
    return scanner;
  };
  const all = ['scan', join(folder, 'media'), '--archive', '--out', out, '--jobs', '4'];
  const { code, stderr } = await command(all, { openScanner: open });
  expect([code, running]).toEqual([2, 0]);
  expect(stderr).toContain('DETECTOR_MISSING');
  expect(scanners.every((scanner) => scanner.isClosed())).toBe(true);
  const paths = ledger().flat();
  expect(paths.length).toBeLessThan(29);
  expect(paths.length).toBe(scanners.flatMap(({ scanned }) => scanned).length - 1);
});

test('one process that does not start closes those that did', async () => {
  files(3);
  const opened: FakeScanner[] = [];
  const open = async () => {
    if (opened.length === 2) throw errors.SCAN_PROCESS_FAILED('it ended');
    opened.push(fakeScanner());
    return opened[opened.length - 1];
  };
  const all = ['scan', join(folder, 'media'), '--archive', '--out', out, '--jobs', '3'];
  const { code, stderr } = await command(all, { openScanner: open });
  expect(code).toBe(1);
  expect(stderr).toContain('SCAN_PROCESS_FAILED');
  expect(opened.map((scanner) => scanner.isClosed())).toEqual([true, true]);
});

test('an archive needs a folder for its results', async () => {
  files(1);
  const { code, stderr } = await command(['scan', join(folder, 'media'), '--archive']);
  expect(code).toBe(2);
  expect(stderr).toContain('--archive needs --out');
  expect(existsSync(out)).toBe(false);
});
