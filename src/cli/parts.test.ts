import { execFileSync } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sampleAnalyses } from '../../test/report-samples.ts';
import { quote, replayCommand } from '../report/replay.ts';
import { safeName, writeWhole } from './output.ts';
import { shareOf, startProgress, timeLeft } from './progress.ts';
import { resultTable, shorten, tallyLine } from './table.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-out-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('when a file cannot be put in place, no temporary one is left and the old ones are whole', async () => {
  await writeFile(join(folder, 'a.json'), 'old');
  // A folder in the way: the rename onto it fails, as a write to a full disk would.
  await mkdir(join(folder, 'a.html', 'x'), { recursive: true });
  await expect(writeWhole(folder, { 'a.html': 'new', 'a.json': 'new' })).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
  });
  expect((await readdir(folder)).sort()).toEqual(['a.html', 'a.json']);
  expect(await readFile(join(folder, 'a.json'), 'utf8')).toBe('old');
});

test.skipIf(process.platform !== 'linux')(
  'a full disk is told as that, and leaves nothing behind',
  async () => {
    // The kernel's own full disk: every write to it fails with ENOSPC.
    await access('/dev/full');
    const { open } = await import('node:fs/promises');
    const full = await open('/dev/full', 'w');
    const spy = vi.spyOn(Object.getPrototypeOf(full), 'writeFile').mockImplementation(() => full.write('x'));
    try {
      await expect(writeWhole(folder, { 'a.json': 'x' })).rejects.toThrow(
        /a\.json cannot be written \(the disk is full\)/,
      );
    } finally {
      spy.mockRestore();
      await full.close();
    }
    expect(await readdir(folder)).toEqual([]);
  },
);

test.each([
  ['clip.mp4', 'clip.mp4'],
  ['../../etc/passwd', '__.._etc_passwd'],
  ['.hidden.mp4', '_hidden.mp4'],
  ['a:b?.mp4', 'a_b_.mp4'],
  ['x\u0000\u202ey.mp4', 'x_y.mp4'],
  ['...', '_'],
  ['ends. ', 'ends'],
])('the name %j becomes %j', (name, safe) => {
  expect(safeName(name)).toBe(safe);
});

test('long names are cut to what a file system takes, keeping the extension', () => {
  const name = safeName(`${'ä'.repeat(300)}.mp4`);
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
  expect(name.endsWith('ä.mp4')).toBe(true);
});

test('the replay command survives a shell', () => {
  const hostile = `it's $(touch x) \`y\` "z" \\.mp4`;
  const printed = execFileSync('sh', ['-c', `printf %s ${quote(hostile)}`], { encoding: 'utf8' });
  expect(printed).toBe(hostile);
  expect(replayCommand(['-x.mp4', 'b c'], ['--seed', '1'], 'out')).toMatch(
    /^npx mesoscope@\S+ scan \.\/-x\.mp4 'b c' --seed 1 --out out$/,
  );
});

test('time left goes by what is done', () => {
  expect(timeLeft(10, 0.25)).toBe(30);
  expect(timeLeft(10, 1)).toBe(0);
  expect(timeLeft(0.5, 0.5)).toBeUndefined();
  expect(timeLeft(10, 0.01)).toBeUndefined();
});

test('the share of a clip never goes back', () => {
  const steps = [
    { stage: 'open', done: 0, total: 0 },
    { stage: 'frames', done: 0, total: 4 },
    { stage: 'frames', done: 4, total: 4 },
    { stage: 'score', done: 1, total: 4 },
    { stage: 'done', done: 4, total: 4 },
  ] as const;
  const shares = steps.map(shareOf);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
});

test('without a terminal: one line every ten seconds, none before', () => {
  let time = 100;
  let text = '';
  const write = (line: string) => {
    text += line;
  };
  const progress = startProgress({ write }, 2, false, () => time);
  progress.begin(0, 'a\u001b.mp4');
  time += 9;
  progress.update({ stage: 'frames', done: 1, total: 2 });
  expect(text).toBe('');
  time += 1;
  progress.update({ stage: 'done', done: 2, total: 2 });
  expect(text).toBe('mesoscope: 0 of 2 done, 50 %, 0:10 left (a⟨U+001B⟩.mp4)\n');
  time += 5;
  progress.end();
  progress.stop();
  expect(text.split('\n')).toHaveLength(2);
});

test('time left of a stage is told from its own beginning', () => {
  let [text, time] = ['', 0];
  const write = (line: string) => {
    text += line;
  };
  const progress = startProgress({ write }, 1, false, () => time);
  progress.begin(0, 'x');
  time += 1000;
  progress.stage('x: scoring');
  time += 10;
  // Half of the stage's frames: 5 % and half of 85 %.
  progress.update({ stage: 'frames', done: 1, total: 2 });
  progress.stop();
  expect(text.split('\n').at(-2)).toBe('mesoscope: 0 of 1 done, 47 %, 0:12 left of this stage (x: scoring)');
});

test('on a terminal: a bar that leaves nothing behind but notes', () => {
  let text = '';
  const stream = {
    isTTY: true,
    columns: 100,
    write: (line: string) => {
      text += line;
    },
    cursorTo: () => {},
    clearLine: () => {},
    once: () => {},
    removeListener: () => {},
  };
  const progress = startProgress(stream, 1, false);
  progress.begin(0, 'a.mp4');
  progress.note('mesoscope: CLIP_EMPTY: …');
  progress.end();
  progress.stop();
  expect(text).toContain('mesoscope: CLIP_EMPTY: …\n');
});

const results = Object.values(sampleAnalyses()).map(({ analysis }) => analysis.result);

test.each([40, 60, 80, 120])(
  'a table of %d columns fits, and keeps verdicts and the ends of names',
  (width) => {
    const lines = resultTable(results, { colour: false, width }).split('\n');
    expect(lines).toHaveLength(results.length + 1);
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width);
    expect(lines[1]).toContain('Manipulation likely');
    expect(lines[1]).toContain('.mp4');
  },
);

test('colour only where it is wanted', () => {
  expect(resultTable(results, { colour: false, width: 80 })).not.toContain('\u001b');
  expect(resultTable(results, { colour: true, width: 80 })).toContain('\u001b[31m');
});

test('a failure shows no score', () => {
  const line = resultTable(results, { colour: false, width: 120 })
    .split('\n')
    .find((text) => text.includes('download.mp4'));
  expect(line).not.toMatch(/\d\.\d/);
  expect(line).toContain('Could not be read');
});

test('paths are shortened from the front, at a folder where one is near', () => {
  expect(shorten('short.mp4', 20)).toBe('short.mp4');
  expect(shorten('aaaa/bbbb/cccc/name.mp4', 17)).toBe('…/cccc/name.mp4');
  expect(shorten('x'.repeat(30), 10)).toBe(`…${'x'.repeat(9)}`);
});

test('the tally', () => {
  expect(tallyLine([])).toBe('0 files.');
  expect(tallyLine(results)).toBe(
    '8 files: 2 manipulation likely, 3 inconclusive, 1 no manipulation found, 1 not assessable, 1 could not be read.',
  );
});
