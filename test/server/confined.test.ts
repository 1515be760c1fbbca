/** `mesoscope scan` opens files in a process of its own: what that says is the same, and what it breaks is one clip. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClipScanner } from '../../src/server/confined/clip-scanner.ts';
import { openInProcess } from '../../src/server/confined/clip-scanner.ts';
import { type ConfinedOptions, openConfined } from '../../src/server/confined/confined-scanner.ts';
import { cropMessage } from '../../src/server/confined/messages.ts';
import { probeConfinement } from '../../src/server/sandbox/sandbox.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { sampleAnalyses } from '../report-samples.ts';
import { builtScan, program } from '../server.ts';
import { haveSharedData, shared, skipReason } from '../shared-data.ts';

const made = temporaryFolder();
const can = (await probeConfinement()).reason === '';
const { analysis, contract } = sampleAnalyses().clean;
const detector = { name: 'sample', sha256: '5e'.repeat(32) };
const opened: ClipScanner[] = [];
afterAll(() => Promise.all(opened.map((scanner) => scanner.close())));

const open = async (options: ConfinedOptions) => {
  const scanner = await openConfined(options);
  opened.push(scanner);
  return scanner;
};

/** One whose clips do what their names say; see programs/scans.mjs. */
async function misbehaving(begin = '', options: Partial<ConfinedOptions> = {}) {
  const path = made(`task-${opened.length}-${begin}.json`);
  const crop = cropMessage(analysis.evidence[0]);
  const said = { begin, contract, detector, crop, result: { ...analysis.result, detector } };
  await writeFile(path, JSON.stringify({ ...said, secret: made('secret'), outside: made('outside') }));
  await mkdir(made('clips'), { recursive: true });
  return open({
    detector: path,
    read: [made('clips')],
    script: program('scans'),
    stallSeconds: 1,
    ...options,
  });
}

beforeAll(() => writeFile(made('secret'), 'nobody may read this'));

describe('a process that does as its clip says', () => {
  let scanner: ClipScanner;
  beforeAll(async () => {
    scanner = await misbehaving();
  });

  test.each([
    ['crash', 'ANALYSIS_CRASHED', 'SIGSEGV'],
    ['exit', 'ANALYSIS_CRASHED', 'exit code 3'],
    ['flood', 'ANALYSIS_CRASHED', 'more than 67108864 bytes'],
    ['garbage', 'ANALYSIS_CRASHED', 'no message'],
    ['high score', 'ANALYSIS_CRASHED', 'no message'],
    ['other clip', 'ANALYSIS_CRASHED', 'told of something else'],
    ['other detector', 'ANALYSIS_CRASHED', 'told of something else'],
    ['short crop', 'ANALYSIS_CRASHED', 'no message'],
    ['other answer', 'ANALYSIS_CRASHED', 'another answer'],
    ['refuses', 'INTERNAL', 'A bug.'],
  ])('%s: the clip has an error and no score, the next is scanned', async (name, code, words) => {
    const { result, evidence } = await scanner.scan(made(`clips/${name}`));
    expect(result).toMatchObject({
      status: 'error',
      score: null,
      verdict: 'not_assessable',
      error: { code },
    });
    expect(result.clip.path).toBe(made(`clips/${name}`));
    expect(result.error?.message).toContain(words);
    expect(evidence).toEqual([]);
    expect((await scanner.scan(made('clips/fine'))).result.score).toBe(analysis.result.score);
  });

  test('one process scans many clips, and another comes only after one broke down', async () => {
    const who = async (name: string) => (await scanner.scan(made(`clips/${name}`))).result.reasons[0];
    const first = await who('a');
    expect(first).toMatch(/^process \d+$/);
    expect(await who('b')).toBe(first);
    await scanner.scan(made('clips/crash'));
    expect(await who('c')).not.toBe(first);
  });

  test('one that stands still is ended, and one that is only slow is not: progress is life', async () => {
    const patient = await misbehaving('', { stallSeconds: 3 });
    const { result } = await patient.scan(made('clips/hang'));
    expect(result).toMatchObject({ status: 'error', score: null, error: { code: 'SCAN_STALLED' } });
    expect(result.error?.message).toContain('no progress for 3 s');
    expect((await patient.scan(made('clips/slow'))).result.status).toBe('scored');
  });

  test('stability and credentials are asked for there too', async () => {
    const sampling = { kind: 'even', count: 2 } as const;
    const { clip, score } = analysis.result;
    const of = { clip: { ...clip, path: made('clips/steady') }, score };
    const told: number[] = [];
    const rows = await scanner.stability(of, { sampling, onProgress: (done) => void told.push(done) });
    expect(rows).toMatchObject([{ variant: 'crf-40', words: String(clip.durationSeconds), score }]);
    expect(told).toEqual([1]);
    expect(await scanner.stability({ ...of, score: null }, { sampling })).toEqual([]);
    expect((await scanner.credentials(made('clips/fine'))).status).toBe('absent');
  });

  test('what breaks over them costs the clip neither its score nor the others theirs', async () => {
    const of = (name: string) => ({
      clip: { ...analysis.result.clip, path: made(`clips/${name}`) },
      score: 0.5,
    });
    const sampling = { kind: 'even', count: 2 } as const;
    const rows = await scanner.stability(of('crash'), { sampling });
    expect(rows).toMatchObject([{ score: null, verdict: 'not_assessable', interval: null }]);
    expect(rows[0].words).toContain('SIGSEGV');
    const credentials = await scanner.credentials(made('clips/crash'));
    expect(credentials).toMatchObject({ status: 'unreadable', manifests: [] });
    expect(credentials.problems.join()).toContain('SIGSEGV');
    const stop = new AbortController();
    const asked = scanner.stability(of('hang'), { sampling, signal: stop.signal });
    const reason = new Error('Ctrl-C');
    setTimeout(() => stop.abort(reason), 50);
    await expect(asked).rejects.toBe(reason);
  });

  test('an abort ends the process at once, is no finding, and costs no later clip', async () => {
    const stop = new AbortController();
    const scan = scanner.scan(made('clips/hang'), { signal: stop.signal });
    const reason = new Error('Ctrl-C');
    setTimeout(() => stop.abort(reason), 50);
    await expect(scan).rejects.toBe(reason);
    expect((await scanner.scan(made('clips/fine'))).result.status).toBe('scored');
  });

  test('clips that are asked for together are scanned one after the other', async () => {
    const names = ['a', 'crash', 'b', 'exit', 'c'];
    const all = await Promise.all(names.map((name) => scanner.scan(made(`clips/${name}`))));
    expect(all.map(({ result }) => result.status)).toEqual(['scored', 'error', 'scored', 'error', 'scored']);
  });

  test.runIf(can)('it reads what it was let into, and writes nothing of users', async () => {
    await writeFile(made('clips/peek'), 'x');
    const { result } = await scanner.scan(made('clips/peek'));
    expect(result.reasons).toEqual(['EACCES', 'did', 'EACCES']);
    const free = await misbehaving('', { sandbox: 'off' });
    expect((await free.scan(made('clips/peek'))).result.reasons).toEqual(['did', 'did', 'did']);
  });
});

describe('a machine that does not let it start', () => {
  test('without confinement where with it there is none, by default', async () => {
    if (!can) return;
    const scanner = await misbehaving('fail confined');
    expect((await scanner.scan(made('clips/fine'))).result.status).toBe('scored');
  });
  test.runIf(can)('not where it is required', async () => {
    await expect(misbehaving('fail confined', { sandbox: 'require' })).rejects.toMatchObject({
      code: 'SANDBOX_UNAVAILABLE',
    });
  });
  test('the reason where it never starts', async () => {
    await expect(misbehaving('fail')).rejects.toMatchObject({ code: 'SCAN_PROCESS_FAILED' });
  });
});

describe('the real one', () => {
  const options = { threads: 1, seed: 3, detector: 'mesoinception4-dfdc-pairs', script: builtScan };

  test('a detector that is not there is told as everywhere', async () => {
    await expect(open({ detector: made('none.onnx'), read: [], script: builtScan })).rejects.toMatchObject({
      code: 'DETECTOR_MISSING',
    });
    const pins = { hashes: new Set(['0'.repeat(64)]), source: 'a list' };
    await expect(open({ ...options, pins, read: [] })).rejects.toMatchObject({ code: 'DETECTOR_NOT_PINNED' });
  });

  test('links lead out of what was given, and are followed; credentials are read', async () => {
    const clip = await makeClip(made('elsewhere.mp4'), 10, {});
    await mkdir(made('given'));
    await symlink(clip, made('given/link.mp4'));
    const scanner = await open({ ...options, read: [made('given')] });
    const { result } = await scanner.scan(made('given/link.mp4'));
    expect(result).toMatchObject({ status: 'not_assessable', framesAnalysed: 10 });
    expect((await scanner.credentials(made('given/link.mp4'))).status).toBe('absent');
  });

  test.runIf(haveSharedData)(
    `what it says is what this process would say, bit for bit${skipReason}`,
    async () => {
      const clip = shared('dev/videos/ffpp-c40-183.mp4');
      const sampling = { kind: 'even', count: 6 } as const;
      const [there, here] = [await open({ ...options, read: [clip] }), await openInProcess(options)];
      opened.push(here);
      expect(there.contract).toEqual(here.contract);
      expect(there.detector).toEqual(here.detector);
      const stages: string[] = [];
      const [got, expected] = [
        await there.scan(clip, { sampling, onProgress: ({ stage }) => void stages.push(stage) }),
        await here.scan(clip, { sampling }),
      ];
      expect(got.evidence.length).toBeGreaterThan(2);
      expect(got.evidence).toEqual(expected.evidence);
      expect({ ...got.result, timing: {} }).toEqual({ ...expected.result, timing: {} });
      expect(new Set(stages)).toEqual(new Set(['open', 'frames', 'score', 'done']));
    },
  );
});
