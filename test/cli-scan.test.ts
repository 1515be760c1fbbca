/** The built command as users run it, over everything that can be wrong with its input. */
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ClipResult, resultSchema } from '../src/detect/result.ts';
import { makeClip, remux, temporaryFolder } from './media-fixtures.ts';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const file = temporaryFolder();
const faststart = { keyFrameInterval: 20, containerOptions: { movflags: 'faststart' } };

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command; `meanwhile` is given the process to disturb it. `shell` goes before the command, in a shell. */
async function mesoscope(
  args: readonly string[],
  { meanwhile, shell = '' }: { meanwhile?: (kill: () => void) => Promise<void>; shell?: string } = {},
): Promise<Ended> {
  const child = spawn('sh', ['-c', `${shell} exec "$0" "$@"`, process.execPath, main, ...args], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ended.stderr += chunk;
  });
  const closed = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      ended.code = code;
      resolve();
    });
  });
  await meanwhile?.(() => child.kill('SIGINT'));
  await closed;
  return ended;
}

const parse = (stdout: string): ClipResult[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => resultSchema.parse(JSON.parse(line)));

async function damaged(from: string, to: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  await writeFile(to, change(await readFile(from)));
  return to;
}

let whole: string;
beforeAll(async () => {
  whole = await makeClip(file('whole.mp4'), 60, faststart);
});

/** What each bad input must come to: an error's code, or nothing to assess. */
type Expected = { code: string } | { status: 'not_assessable'; lost?: true };

const cases: readonly [string, () => Promise<string>, Expected][] = [
  ['a missing file', async () => file('nowhere.mp4'), { code: 'CLIP_MISSING' }],
  [
    'an empty file',
    async () => {
      await writeFile(file('empty.mp4'), '');
      return file('empty.mp4');
    },
    { code: 'CLIP_EMPTY' },
  ],
  [
    'text named .mp4',
    async () => {
      await writeFile(file('text.mp4'), 'The quick brown fox.\n'.repeat(100));
      return file('text.mp4');
    },
    { code: 'CLIP_NOT_MEDIA' },
  ],
  [
    'an mp4 without its index',
    async () =>
      damaged(await makeClip(file('late.mp4'), 40), file('noindex.mp4'), (b) =>
        b.subarray(0, b.length * 0.6),
      ),
    { code: 'CLIP_TRUNCATED' },
  ],
  [
    'an mp4 cut in the middle',
    () => damaged(whole, file('cut.mp4'), (bytes) => bytes.subarray(0, bytes.length * 0.7)),
    { status: 'not_assessable', lost: true },
  ],
  ['sound only', () => remux([], file('sound.mkv'), { audio: true }), { code: 'CLIP_NO_VIDEO' }],
  [
    'zero duration',
    async () => {
      const movflags = 'empty_moov+frag_keyframe';
      const path = await makeClip(file('hollow.mp4'), 3, { containerOptions: { movflags } });
      await truncate(path, (await readFile(path)).indexOf('moof') - 4);
      return path;
    },
    { code: 'CLIP_NO_FRAMES' },
  ],
  [
    'a picture of one pixel',
    async () => {
      await sharp({ create: { width: 1, height: 1, channels: 3, background: 'grey' } }).toFile(
        file('dot.png'),
      );
      return file('dot.png');
    },
    { status: 'not_assessable' },
  ],
  [
    'a picture 20,000 pixels wide',
    async () => {
      await sharp({ create: { width: 20_000, height: 40, channels: 3, background: 'grey' } }).toFile(
        file('wide.png'),
      );
      return file('wide.png');
    },
    { status: 'not_assessable' },
  ],
  [
    'corrupted packets',
    () =>
      damaged(whole, file('corrupt.mp4'), (bytes) => {
        const from = bytes.indexOf('mdat') + 4;
        // Every 97th byte of the middle third of the pictures.
        const third = Math.floor((bytes.length - from) / 3);
        for (let i = from + third; i < from + 2 * third; i += 97) bytes[i] ^= 0x5a;
        return bytes;
      }),
    { status: 'not_assessable', lost: true },
  ],
  [
    'a folder without media',
    async () => {
      await mkdir(file('folder'), { recursive: true });
      await writeFile(file('folder/notes.txt'), 'x');
      return file('folder');
    },
    { code: 'FOLDER_WITHOUT_MEDIA' },
  ],
  ['no face anywhere', async () => whole, { status: 'not_assessable' }],
];

describe('bad input', () => {
  test('each is one JSON line with its code and one line on stderr, and the others are still done', async () => {
    const paths: string[] = [];
    for (const [, make] of cases) paths.push(await make());
    const { code, stdout, stderr } = await mesoscope(['scan', ...paths, '--json', '--sample', 'even:8']);
    expect(code).toBe(1);
    const results = parse(stdout);
    expect(results.map((result) => result.clip.path).sort()).toEqual(paths.toSorted());
    for (const [i, [name, , expected]] of cases.entries()) {
      const result = results.find((candidate) => candidate.clip.path === paths[i]) as ClipResult;
      const lines = stderr
        .split('\n')
        .filter((line) => /^mesoscope: [A-Z_]+: /.test(line) && line.includes(paths[i]));
      expect(result.score, name).toBeNull();
      if ('code' in expected) {
        expect([result.status, result.error?.code], name).toEqual(['error', expected.code]);
        expect(lines, name).toHaveLength(1);
        expect(lines[0]).toContain(`${expected.code}: `);
      } else {
        expect([result.status, result.error], name).toEqual([expected.status, undefined]);
        expect(lines, name).toHaveLength(0);
        if (expected.lost) expect(result.dropped.length, `${name}: what was lost is told`).toBeGreaterThan(0);
      }
    }
  });

  test.skipIf(process.getuid?.() === 0)('an unreadable file (not as root, who may read all)', async () => {
    await cp(whole, file('secret.mp4'));
    await chmod(file('secret.mp4'), 0);
    const { code, stdout } = await mesoscope(['scan', file('secret.mp4'), '--json']);
    expect([code, parse(stdout)[0].error?.code]).toEqual([1, 'CLIP_UNREADABLE']);
  });
});

describe('output', () => {
  test('no room for the report: told, nothing half written, the result still on stdout', async () => {
    const out = file('small');
    // Files may not grow past 512 or 1,024 bytes (the unit differs between shells): the disk's refusal in small.
    const { code, stdout, stderr } = await mesoscope(['scan', whole, '--json', '--out', out], {
      shell: 'ulimit -f 1;',
    });
    expect(code).toBe(1);
    expect(parse(stdout)).toHaveLength(1);
    expect(stderr).toMatch(/^mesoscope: OUTPUT_UNWRITABLE: .*cannot be written/m);
    expect(await readdir(out)).toEqual([]);
  });

  test('an --out that is a file is refused before anything is scanned', async () => {
    await writeFile(file('taken'), 'precious');
    const { code, stdout, stderr } = await mesoscope(['scan', whole, '--json', '--out', file('taken')]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('OUTPUT_UNWRITABLE');
    expect(await readFile(file('taken'), 'utf8')).toBe('precious');
  });

  test('Ctrl-C in the middle: 130, finished reports are whole, none is half written', async () => {
    const out = file('interrupted');
    const many: string[] = [];
    for (let i = 0; i < 60; i++) {
      many.push(file(`copy-${i}.mp4`));
      await cp(whole, many[i]);
    }
    const { code, stdout, stderr } = await mesoscope(['scan', ...many, '--out', out], {
      meanwhile: async (interrupt) => {
        const deadline = Date.now() + 50_000;
        const reports = async () =>
          (await readdir(out).catch(() => [])).filter((name) => name.endsWith('.html'));
        while ((await reports()).length < 2 && Date.now() < deadline)
          await new Promise((done) => setTimeout(done, 20));
        interrupt();
      },
    });
    expect(code).toBe(130);
    expect(stderr).toContain('INTERRUPTED');
    const names = await readdir(out);
    const jsons = names.filter((name) => name.endsWith('.json'));
    expect(jsons.length).toBeGreaterThanOrEqual(2);
    expect(jsons.length).toBeLessThan(many.length);
    expect(stdout).toContain(`${jsons.length} files: ${jsons.length} not assessable.`);
    expect(names.sort()).toEqual(
      [...jsons, ...jsons.map((name) => name.replace(/json$/, 'html')), 'summary.html'].sort(),
    );
    for (const name of names) {
      const text = await readFile(`${out}/${name}`, 'utf8');
      if (name.endsWith('.json')) resultSchema.parse(JSON.parse(text));
      else expect(text.endsWith('</html>\n'), name).toBe(true);
    }
  });
});

describe('usage', () => {
  test('a wrong option: 2, and how to find out more', async () => {
    const { code, stderr } = await mesoscope(['scan', whole, '--sample', 'all']);
    expect(code).toBe(2);
    expect(stderr).toContain('Unknown sampling policy "all"');
  });

  test('a detector that is not there: 2', async () => {
    const { code, stderr } = await mesoscope(['scan', whole, '--detector', file('none.onnx')]);
    expect(code).toBe(2);
    expect(stderr).toContain('DETECTOR_MISSING');
  });
});
