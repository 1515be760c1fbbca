import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command } from '../../test/command.ts';
import { analysisOf, errorOf, type FakeScanner, fakeScanner } from '../../test/fake-scanner.ts';
import { errors } from '../base/errors.ts';
import { type ClipResult, resultSchema } from '../detect/result.ts';
import { devices } from '../runtime/devices.ts';
import type { ConfinedOptions } from '../server/confined/confined-scanner.ts';
import { commands } from './commands/index.ts';
import { deviceNames } from './commands/scan.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-cli-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(
  args: readonly string[],
  scanner: FakeScanner = fakeScanner(),
  { signal } = new AbortController(),
) {
  const opened: ConfinedOptions[] = [];
  const said = await command(args, {
    signal,
    openScanner: async (options) => {
      opened.push(options);
      return scanner;
    },
  });
  return { ...said, opened, scanner };
}

const jsonLines = (stdout: string): ClipResult[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => resultSchema.parse(JSON.parse(line)));

test('the catalogue of commands equals the folder', async () => {
  const files = await readdir(new URL('./commands/', import.meta.url));
  const modules = files.filter((name) => name !== 'index.ts' && !name.endsWith('.test.ts'));
  expect(
    Object.keys(commands)
      .map((name) => `${name.replaceAll(' ', '-')}.ts`)
      .sort(),
  ).toEqual(modules.sort());
  for (const [name, load] of Object.entries(commands)) expect((await load()).name).toBe(name);
});

test('the devices that can be typed are those of the runtime', () => {
  expect(deviceNames).toEqual(devices);
});

describe('usage', () => {
  test.each([
    [[]],
    [['scan']],
    [['frobnicate']],
    [['scan', 'a.mp4', '--nope']],
    [['scan', 'a.mp4', '--sample', 'all']],
    [['scan', 'a.mp4', '--aggregate', 'median']],
    [['scan', 'a.mp4', '--device', 'tpu']],
    [['scan', 'a.mp4', '--threads', '0']],
    [['scan', 'a.mp4', '--seed', '1.5']],
    [['scan', 'a.mp4', '--fail-on', 'inconclusive']],
    [['scan', 'a.mp4', '--out']],
  ])('%j is refused with 2, on stderr, and nothing is scanned', async (args) => {
    const { code, stdout, stderr, opened } = await run(args);
    expect({ code, stdout, opened }).toEqual({ code: 2, stdout: '', opened: [] });
    expect(stderr).not.toBe('');
  });

  test('help and version are answers, on stdout', async () => {
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    const help = await run(['scan', '--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('Exit codes');
  });

  test('options reach the scanner', async () => {
    const args = [
      '--detector',
      'd.onnx',
      '--aggregate',
      'top-k:0.1',
      '--threads',
      '4',
      '--seed',
      '9',
      '--device',
      'cuda',
    ];
    const { opened } = await run(['scan', 'a.mp4', ...args]);
    expect(opened).toEqual([
      {
        ...{
          detector: 'd.onnx',
          aggregation: { kind: 'top-k', share: 0.1 },
          threads: 4,
          seed: 9,
          device: 'cuda',
        },
        ...{ sandbox: 'auto', read: ['a.mp4'] },
      },
    ]);
    expect((await run(['scan', 'a.mp4', '--sandbox', 'require'])).opened[0]).toMatchObject({
      sandbox: 'require',
    });
  });

  test('a detector that is not there is wrong usage, one that is damaged is a failure', async () => {
    const failing = async (error: Error) =>
      (await command(['scan', 'a.mp4'], { openScanner: () => Promise.reject(error) })).code;
    expect(await failing(errors.DETECTOR_MISSING('x'))).toBe(2);
    expect(await failing(errors.DETECTOR_INVALID('x', 'y'))).toBe(1);
    await expect(failing(new Error('a bug'))).rejects.toThrow('a bug');
  });
});

describe('scan', () => {
  test('a table on stdout, progress and errors on stderr, the batch goes on, 1 in the end', async () => {
    const { code, stdout, stderr, scanner } = await run(['scan', 'a.mp4', 'missing.mp4', 'b.mp4']);
    expect(code).toBe(1);
    expect(scanner.scanned).toEqual(['a.mp4', 'missing.mp4', 'b.mp4']);
    expect(scanner.isClosed()).toBe(true);
    expect(stdout).toContain('3 files: 2 no manipulation found, 1 could not be read.');
    expect(stderr).toBe('mesoscope: CLIP_MISSING: No file at missing.mp4. Check the path.\n');
  });

  test('--json keeps stdout to one valid line a clip, errors too', async () => {
    const { code, stdout, stderr } = await run(['scan', 'a.mp4', 'missing.mp4', '--json']);
    expect(code).toBe(1);
    expect(jsonLines(stdout).map(({ status, error }) => [status, error?.code])).toEqual([
      ['scored', undefined],
      ['error', 'CLIP_MISSING'],
    ]);
    expect(stderr).toContain('CLIP_MISSING');
  });

  test('--quiet says nothing but errors', async () => {
    expect(await run(['scan', 'a.mp4', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await run(['scan', 'missing.mp4', '--quiet'])).stderr).toContain('CLIP_MISSING');
  });

  test('--fail-on likely gives 3 for that verdict only, even beside failures', async () => {
    const likely = () =>
      fakeScanner((path) =>
        path.includes('bad')
          ? errorOf(path, errors.CLIP_EMPTY(path))
          : analysisOf(path === 'x' ? 'likely' : 'unsure', path),
      );
    expect((await run(['scan', 'x', 'bad', '--fail-on', 'likely'], likely())).code).toBe(3);
    expect((await run(['scan', 'y', '--fail-on', 'likely'], likely())).code).toBe(0);
    expect((await run(['scan', 'x'], likely())).code).toBe(0);
  });

  test('folders are searched; one without media is an error of its own', async () => {
    await mkdir(join(folder, 'in', 'deep'), { recursive: true });
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'in', 'deep', 'b.MP4'), '');
    await writeFile(join(folder, 'in', 'notes.txt'), '');
    const { code, stdout, scanner } = await run([
      'scan',
      join(folder, 'in'),
      join(folder, 'empty'),
      '--json',
    ]);
    expect(code).toBe(1);
    expect(scanner.scanned).toEqual([join(folder, 'in', 'deep', 'b.MP4')]);
    expect(jsonLines(stdout).map((result) => result.error?.code)).toEqual([
      undefined,
      'FOLDER_WITHOUT_MEDIA',
    ]);
  });

  test('control characters of names do not reach the terminal', async () => {
    const { stdout, stderr } = await run(['scan', 'missing\u001b[2J\n.mp4', 'ok\u001b[1A.mp4']);
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('--out', () => {
  test('JSON, report and summary; nothing temporary is left', async () => {
    const out = join(folder, 'new', 'results');
    const { code, stdout } = await run(['scan', 'a.mp4', 'missing.mp4', '--out', out, '--seed', '7']);
    expect(code).toBe(1);
    expect(stdout).toContain(`Reports in ${out}`);
    const names = ['a.mp4.html', 'a.mp4.json', 'missing.mp4.html', 'missing.mp4.json', 'summary.html'];
    expect((await readdir(out)).sort()).toEqual(names);
    const result = resultSchema.parse(JSON.parse(await readFile(join(out, 'a.mp4.json'), 'utf8')));
    expect(result.clip.path).toBe('a.mp4');
    const html = await readFile(join(out, 'a.mp4.html'), 'utf8');
    expect(html).toContain(`scan a.mp4 --sample even:32 --seed 7 --out ${out}`);
    expect(await readFile(join(out, 'summary.html'), 'utf8')).toContain('href="missing.mp4.html"');
  });

  test('clips of one name keep apart, and get the same names whatever the order', async () => {
    const [one, two] = [join(folder, '1'), join(folder, '2')];
    await run(['scan', 'x/clip.mp4', 'y/Clip.mp4', 'z.mp4', '--out', one]);
    await run(['scan', 'z.mp4', 'y/Clip.mp4', 'x/clip.mp4', '--out', two]);
    const names = (await readdir(one)).sort();
    expect(names).toEqual((await readdir(two)).sort());
    expect(names.filter((name) => name.endsWith('.json'))).toHaveLength(3);
    expect(names).toContain('z.mp4.json');
  });

  test('a later scan replaces its own result, never that of another clip of the same name', async () => {
    const scanner = (sha256: string) => fakeScanner((path) => analysisOf('clean', path, sha256));
    await run(['scan', 'x/clip.mp4', '--out', folder], scanner('aa'.repeat(32)));
    await run(['scan', 'x/clip.mp4', '--out', folder], scanner('aa'.repeat(32)));
    expect((await readdir(folder)).filter((name) => name.endsWith('.json'))).toEqual(['clip.mp4.json']);
    await run(['scan', 'y/clip.mp4', '--out', folder], scanner('bb'.repeat(32)));
    const jsons = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    expect(jsons).toHaveLength(2);
    expect(JSON.parse(await readFile(join(folder, 'clip.mp4.json'), 'utf8')).clip.path).toBe('x/clip.mp4');
  });

  test('a folder that cannot be made stops the batch before anything is scanned', async () => {
    await writeFile(join(folder, 'file'), '');
    const { code, stderr, scanner } = await run(['scan', 'a.mp4', '--out', join(folder, 'file', 'sub')]);
    expect([code, scanner.scanned]).toEqual([1, []]);
    expect(stderr).toContain('OUTPUT_UNWRITABLE');
  });

  test('a folder that stops taking files costs the files, not the results', async () => {
    const out = join(folder, 'results');
    // Stands for a disk that fills up in the middle; permissions do not hold root back, a missing folder does.
    const scanner = fakeScanner(async (path) => {
      if (path === 'b.mp4') await rm(out, { recursive: true });
      return analysisOf('clean', path);
    });
    const { code, stdout, stderr } = await run(['scan', 'a.mp4', 'b.mp4', '--json', '--out', out], scanner);
    expect(code).toBe(1);
    expect(jsonLines(stdout)).toHaveLength(2);
    expect(stderr).toContain('OUTPUT_UNWRITABLE');
  });

  test.skipIf(process.getuid?.() === 0)('no permission is told as that', async () => {
    await chmod(folder, 0o500);
    expect((await run(['scan', 'a.mp4', '--out', folder])).stderr).toContain('no permission');
  });
});

describe('Ctrl-C', () => {
  test('the current clip is abandoned, the table tells what is done, 130', async () => {
    const interrupt = new AbortController();
    const scanner = fakeScanner((path, signal) => {
      if (path !== 'b.mp4') return analysisOf('clean', path);
      interrupt.abort(130);
      signal?.throwIfAborted();
      throw new Error('the signal did not reach the scanner');
    });
    const out = join(folder, 'results');
    const { code, stdout, stderr } = await run(
      ['scan', 'a.mp4', 'b.mp4', 'c.mp4', '--out', out],
      scanner,
      interrupt,
    );
    expect(code).toBe(130);
    expect(scanner.scanned).toEqual(['a.mp4', 'b.mp4']);
    expect(scanner.isClosed()).toBe(true);
    expect(stdout).toContain('1 file: 1 no manipulation found.');
    expect(stderr).toContain('INTERRUPTED');
    expect((await readdir(out)).sort()).toEqual(['a.mp4.html', 'a.mp4.json', 'summary.html']);
    expect(await readFile(join(out, 'summary.html'), 'utf8')).toContain('The batch was interrupted');
  });
});
