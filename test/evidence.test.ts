/** Evidence bundles from a scan to their check, by the command line. */
import { chmod, copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256OfFile } from '../src/base/hash.ts';
import { detectorHash, detectorPath } from '../src/detect/bundled.ts';
import { defaultDetector } from '../src/detect/default-detector.ts';
import type { ClipAnalysis } from '../src/detect/types.ts';
import { readArchive, writeArchive } from '../src/report/bundle/archive.ts';
import { openInProcess } from '../src/server/confined/clip-scanner.ts';
import type { ConfinedOptions } from '../src/server/confined/confined-scanner.ts';
import { type CommandOptions, command } from './command.ts';
import { analysisOf, type FakeScanner, fakeScanner } from './fake-scanner.ts';
import { temporaryFolder } from './media-fixtures.ts';
import { haveSharedData, shared, skipReason } from './shared-data.ts';

const made = temporaryFolder();

const run = (args: readonly string[], openScanner: CommandOptions['openScanner'] = () => scanner()) =>
  command(args, { openScanner });

/** A scanner that finds the sample `likely` in any file, by the default detector's hash; `change` alters its scores. */
async function scanner(change: (analysis: ClipAnalysis) => void = () => undefined): Promise<FakeScanner> {
  const detector = { name: 'sample-measured', sha256: await detectorHash('compact-blends') };
  const fake = fakeScanner(async (path) => {
    const { size } = await stat(path);
    const analysis = structuredClone(analysisOf('likely', path, await sha256OfFile(path)));
    analysis.result.clip.bytes = size;
    analysis.result.detector = detector;
    change(analysis);
    return analysis;
  });
  return { ...fake, detector };
}

async function bundled(name: string): Promise<{ bundle: string; clip: string; key: string; out: string }> {
  const [clip, out, key] = [made(`${name}.mp4`), made(`${name}-out`), made(`${name}-key.pem`)];
  await writeFile(clip, `the clip ${name}`);
  const { code, stderr } = await run([
    'scan',
    clip,
    '--out',
    out,
    '--bundle',
    '--evidence-key',
    key,
    '--quiet',
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { bundle: join(out, `${name}.mp4.evidence.zip`), clip, key, out };
}

describe('scan --bundle', () => {
  test('writes what a server gives, with the report and the result that lie beside it', async () => {
    const { bundle, out, key } = await bundled('whole');
    const { files } = readArchive(await readFile(bundle));
    expect([...(files?.keys() ?? [])]).toEqual(
      expect.arrayContaining([
        'report.html',
        'result.json',
        'crops/0.jpg',
        'maps/0.png',
        'log.jsonl',
        'replay.sh',
      ]),
    );
    expect(files?.get('result.json')).toEqual(new Uint8Array(await readFile(join(out, 'whole.mp4.json'))));
    expect(files?.get('report.html')).toEqual(new Uint8Array(await readFile(join(out, 'whole.mp4.html'))));
    if (process.platform !== 'win32') expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify([...(files?.values() ?? [])].map(String))).not.toContain('PRIVATE');
    const events = new TextDecoder().decode(files?.get('log.jsonl')).trimEnd().split('\n');
    expect(events.map((line) => JSON.parse(line).event)).toEqual([
      ...['begun', 'loaded', 'stage', 'scored', 'written', 'bundled'],
    ]);
  });

  test('needs --out, and a key that only its owner reads', async () => {
    expect(await run(['scan', 'x.mp4', '--bundle'])).toMatchObject({ code: 2 });
    const key = made('open-key.pem');
    await writeFile(key, 'x');
    await chmod(key, 0o644);
    const args = ['scan', 'x.mp4', '--out', made('o'), '--bundle', '--evidence-key', key];
    expect(await run(args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('KEY_EXPOSED'),
    });
  });
});

describe('report verify', () => {
  test('says in words what is proven and what is not', async () => {
    const { bundle } = await bundled('words');
    const { code, stdout } = await run(['report', 'verify', bundle]);
    expect(code).toBe(0);
    expect(stdout).toContain('open   Whose key it is was not checked');
    expect(stdout).toMatch(
      /Proven:\n- Nothing in the bundle has changed since it was signed by the key in it\./,
    );
    expect(stdout).toContain('anybody can make a key');
  });

  test('fails for a changed bundle, with 1, as words and as JSON', async () => {
    const { bundle } = await bundled('bent');
    const files = new Map(readArchive(await readFile(bundle)).files);
    files.set('report.html', new TextEncoder().encode('another'));
    await writeFile(bundle, writeArchive(files));
    const words = await run(['report', 'verify', bundle]);
    expect(words.code).toBe(1);
    expect(words.stdout).toContain(
      'FAILED The files are not those of the manifest.\n         report.html was changed',
    );
    expect(words.stdout).not.toContain('Proven:\n');
    const { code, stdout } = await run(['report', 'verify', bundle, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, proven: [] });
    // Nothing is scanned by the settings of a bundle that was changed.
    const again = await scanner();
    await run(['report', 'verify', bundle, '--replay', made('')], async () => again);
    expect(again.scanned).toEqual([]);
  });

  test('a name with escape sequences never reaches the terminal', async () => {
    const path = made('evil.zip');
    const files = new Map([['manifest.json', new TextEncoder().encode('{}')]]);
    const bytes = Buffer.from(writeArchive(files));
    for (let at = bytes.indexOf('manifest'); at >= 0; at = bytes.indexOf('manifest'))
      bytes.write('\u001b[2Jhaha', at);
    await writeFile(path, bytes);
    const { code, stdout } = await run(['report', 'verify', path]);
    expect(code).toBe(1);
    expect(stdout).not.toContain('\u001b');
  });

  test('a missing bundle or a wrong key is wrong usage', async () => {
    const { bundle } = await bundled('usage');
    expect(await run(['report', 'verify', made('none.zip')])).toMatchObject({ code: 2 });
    expect(await run(['report', 'verify', bundle, '--key', 'abc'])).toMatchObject({ code: 2 });
    const other = await run(['report', 'verify', bundle, '--key', '0'.repeat(64)]);
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('FAILED It is not the key that you gave.');
  });
});

describe('report verify --replay', () => {
  test('finds the clip by its hash, loads the detector by its hash, and compares', async () => {
    const { bundle, clip } = await bundled('again');
    const folder = made('archive');
    await mkdir(folder);
    await writeFile(join(folder, 'other.mp4'), 'the clip xxxxx');
    await copyFile(clip, join(folder, 'renamed.mp4'));
    const opened: ConfinedOptions[] = [];
    const fake = await scanner();
    const { code, stdout } = await run(['report', 'verify', bundle, '--replay', folder], async (options) => {
      opened.push(options);
      return fake;
    });
    expect(code).toBe(0);
    expect(fake.scanned).toEqual([join(folder, 'renamed.mp4')]);
    expect(fake.isClosed()).toBe(true);
    expect(opened[0]).toMatchObject({ detector: 'compact-blends', seed: 0, aggregation: { kind: 'mean' } });
    expect([...(opened[0].pins?.hashes ?? [])]).toEqual([await detectorHash('compact-blends')]);
    expect(stdout).toContain('largest difference 0 (tolerance 0.001)');
  });

  test('scores that differ fail; so does a scan that fails', async () => {
    const { bundle, clip } = await bundled('differs');
    const drifted = () =>
      scanner(({ result }) => {
        result.tracks[0].frames[0].score = 0.123;
      });
    const { code, stdout } = await run(['report', 'verify', bundle, '--replay', clip], drifted);
    expect(code).toBe(1);
    expect(stdout).toContain('gave others');
    const failing = () =>
      scanner(({ result }) =>
        Object.assign(result, { status: 'error', verdict: 'not_assessable', score: null }),
      );
    expect((await run(['report', 'verify', bundle, '--replay', clip], failing)).code).toBe(1);
  });

  test('another clip, another detector, or one that is not allowed is refused', async () => {
    const { bundle, clip } = await bundled('refused');
    const verify = (...more: string[]) => run(['report', 'verify', bundle, ...more], openInProcess);
    const stranger = made('stranger.mp4');
    await writeFile(stranger, 'the clip refuseX');
    expect(await verify('--replay', stranger)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(await sha256OfFile(clip)),
    });
    const other = detectorPath('mesoinception4-dfdc-pairs');
    expect(await verify('--replay', clip, '--detector', other)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        `DETECTOR_NOT_PINNED: ${other} has the hash ${await sha256OfFile(other)}`,
      ),
    });
    const pins = made('pins.txt');
    await writeFile(pins, `${'a'.repeat(64)}  none\n`);
    expect(await verify('--replay', clip, '--pin', pins)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(await detectorHash('compact-blends')),
    });
  });

  test.skipIf(!haveSharedData)(`a real clip gives the same scores again${skipReason}`, async () => {
    const [clip, out, key] = [shared('dev/videos/ffpp-c40-183.mp4'), made('real'), made('real-key.pem')];
    const args = ['--out', out, '--bundle', '--evidence-key', key, '--quiet', '--sample', 'even:3'];
    expect((await run(['scan', clip, ...args], openInProcess)).code).toBe(0);
    const bundle = join(out, 'ffpp-c40-183.mp4.evidence.zip');
    const { code, stdout } = await run(
      ['report', 'verify', bundle, '--replay', clip, '--json'],
      openInProcess,
    );
    expect(code).toBe(0);
    const { replay, manifest } = JSON.parse(stdout);
    expect(replay).toMatchObject({ agrees: true, largest: 0 });
    expect(replay.compared).toBeGreaterThan(6);
    expect(manifest.clip.sha256).toBe(await sha256OfFile(clip));
  });
});

test('scan --pin hands the list to the scanner, and refuses a detector that is not on it by its hash', async () => {
  const pins = made('scan-pins.txt');
  const allowed = await detectorHash('mesoinception4-dfdc-pairs');
  await writeFile(pins, `${allowed}  mesoinception4-dfdc-pairs\n`);
  const { code, stderr } = await run(['scan', 'x.mp4', '--pin', pins], openInProcess);
  expect(code).toBe(2);
  expect(stderr).toContain('DETECTOR_NOT_PINNED');
  expect(stderr).toContain(await detectorHash(defaultDetector));
  await writeFile(pins, 'no hash\n');
  expect(await run(['scan', 'x.mp4', '--pin', pins], openInProcess)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('PINS_INVALID'),
  });
});
