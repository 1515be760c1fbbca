/** `mesoscope dataset …` from videos to a training step, on trees of the real shapes. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noAugment } from '../src/data/augment/index.ts';
import { openSource } from '../src/data/layouts/index.ts';
import { type Item, readManifest } from '../src/data/manifest.ts';
import { openPipeline, type PipelineOptions } from '../src/data/pipeline.ts';
import { readThrough } from '../src/data/shards.ts';
import { expandReals } from '../src/data/synthesize/on-the-fly.ts';
import { initialWeights } from '../src/graph/scope.ts';
import { encodeMask, encodePng, readMask, readPicture } from '../src/media/image.ts';
import { openClip } from '../src/media/open.ts';
import { networkNamed } from '../src/models/index.ts';
import { parseRecipe, resolveRecipe } from '../src/train/recipe.ts';
import { startRun } from '../src/train/run.ts';
import { readLog } from '../src/train/run-log.ts';
import { buildStep } from '../src/train/step.ts';
import { Trainer } from '../src/train/trainer.ts';
import { command } from './command.ts';
import { haveSharedData, shared, skipReason } from './shared-data.ts';
import { tinyStep } from './training.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-dataset-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const run = (...args: string[]) => command(['dataset', ...args]);

/** A tree of real clips under other names. */
function tree(name: string, clips: Readonly<Record<string, string>>): string {
  for (const [path, clip] of Object.entries(clips)) {
    mkdirSync(dirname(join(root, name, path)), { recursive: true });
    copyFileSync(shared(`dev/videos/${clip}`), join(root, name, path));
  }
  return join(root, name);
}

const itemsOf = async (out: string) => (await readManifest(join(out, 'manifest.csv'))).items;

const pipelineOf = (folder: string, items: Item[], changes: Partial<PipelineOptions> = {}) =>
  openPipeline({
    folder,
    items,
    batchSize: 2,
    size: { width: 32, height: 32 },
    normalisation: { mean: [0, 0, 0], deviation: [1, 1, 1] },
    sampling: { kind: 'balanced' },
    augment: noAugment,
    seed: 1,
    masks: true,
    augmentBy: 'source',
    unreadable: 'omit',
    workers: 1,
    prefetch: 1,
    ...changes,
  });

/** The loss of one step of Meso-4 on a batch that the input pipeline reads from the shards. */
async function trainingStep(folder: string, items: Item[]): Promise<number> {
  const pipeline = pipelineOf(folder, items);
  const network = networkNamed('meso4');
  const step = tinyStep({
    network,
    options: network.options.parse({}) as Record<string, unknown>,
    batchSize: 2,
    size: 32,
  });
  const trainer = await Trainer.open({
    step,
    initial: initialWeights(buildStep(step).parameters, 1),
    seed: 1,
    session: { threads: 1 },
  });
  try {
    const batch = await pipeline.batch(0);
    expect(batch.skipped).toEqual([]);
    expect([...batch.labels].sort()).toEqual([0, 1]);
    return (await trainer.step(batch, 0, 0.001, 1)).loss;
  } finally {
    await trainer.dispose();
    await pipeline.close();
  }
}

/** The loss of a run of one step on a prepared folder, one person on each side. */
async function oneStep(name: string, path: string, more: object): Promise<number> {
  const split = { seed: 1, shares: { train: 0.5, validation: 0.5, test: 0 } };
  const recipe = parseRecipe({
    schema: 'mesoscope.recipe/1',
    name,
    data: { layout: 'manifest', path, split, ...more },
    network: { name: 'meso4' },
    size: 32,
    loss: { kind: 'cross-entropy' },
    optimiser: { kind: 'adam' },
    schedule: { kind: 'constant', rate: 1e-3 },
    steps: 1,
    batchSize: 2,
    sampling: { kind: 'balanced' },
    threads: 1,
    workers: 0,
  });
  const folder = join(root, name);
  const summary = await startRun(resolveRecipe(recipe, root), { folder });
  expect(summary).toMatchObject({ status: 'finished', skipped: [] });
  expect(summary.validation?.auc).toBeDefined();
  const lines = readLog(join(folder, 'metrics.jsonl'));
  return lines.flatMap((line) => (line.kind === 'train' ? [line.loss] : []))[0];
}

describe.skipIf(!haveSharedData)(`from videos to a training step${skipReason}`, () => {
  const fast = ['--sample', 'even:2', '--workers', '1', '--size', '96', '--quiet'];

  test('FaceForensics++: originals, fakes and masks through one crop; a truncated video in the middle', async () => {
    const source = tree('ffpp', {
      'original_sequences/youtube/c40/videos/183.mp4': 'ffpp-c40-183.mp4',
      'manipulated_sequences/Deepfakes/c40/videos/183_253.mp4': 'ffpp-c40-Deepfakes-183_253.mp4',
      'manipulated_sequences/Face2Face/c40/videos/183_253.mp4': 'ffpp-c40-Face2Face-183_253.mp4',
      'manipulated_sequences/FaceSwap/c40/videos/183_253.mp4': 'ffpp-c40-FaceSwap-183_253.mp4',
    });
    truncateSync(join(source, 'manipulated_sequences/Face2Face/c40/videos/183_253.mp4'), 2000);
    mkdirSync(join(source, 'splits'));
    writeFileSync(join(source, 'splits', 'train.json'), '[["183", "253"]]');
    const out = join(root, 'ffpp-out');
    const { code, stdout } = await run('prepare', source, '--out', out, ...fast);
    expect(code).toBe(1);
    expect(stdout).toMatch(/failed 1:\n {2}manipulated_sequences\/Face2Face\/c40\/videos\/183_253\.mp4: /);
    const items = await itemsOf(out);
    const fakes = items.filter(({ label }) => label === 1);
    expect(items.filter(({ label }) => label === 0)).toHaveLength(2);
    expect(new Set(fakes.map(({ method }) => method))).toEqual(new Set(['Deepfakes', 'FaceSwap']));
    for (const fake of fakes) {
      expect(fake).toMatchObject({ split: 'train', sourceId: '183+253', compression: 'c40' });
      const original = items.find(({ id }) => id === fake.original);
      const mask = await readMask(await readThrough(join(out, fake.mask ?? '')));
      const [a, b] = await Promise.all(
        [original, fake].map(async (item) => readPicture(await readThrough(join(out, item?.file ?? '')))),
      );
      // Where the mask is white the pair differs, and more than where it is black.
      const sums = [0, 0];
      const counts = [0, 0];
      for (let i = 0; i < mask.data.length; i++) {
        const inside = mask.data[i] > 127 ? 1 : 0;
        sums[inside] += Math.abs(a.data[3 * i + 1] - b.data[3 * i + 1]);
        counts[inside]++;
      }
      expect(counts[1]).toBeGreaterThan(300);
      expect(sums[1] / counts[1]).toBeGreaterThan((3 * sums[0]) / counts[0]);
    }
    expect(await trainingStep(out, items)).toBeGreaterThan(0);

    const exported = join(root, 'ffpp-exported');
    expect((await run('export', out, '--out', exported, '--name', 'Ours')).code).toBe(0);
    const json = JSON.parse(readFileSync(join(exported, 'Ours.json'), 'utf8'));
    expect(Object.keys(json.Ours).sort()).toEqual(['Ours-Deepfakes', 'Ours-FaceSwap', 'Ours-Real']);
    expect(Object.keys(json.Ours['Ours-FaceSwap'].train.c40)).toEqual(['183_253']);
    const again = await openSource(join(exported, 'Ours.json'));
    expect(again.dropped).toEqual([]);
    expect(again.items.filter(({ mask }) => mask !== undefined)).toHaveLength(fakes.length);
    expect(readFileSync(join(exported, again.items[0].file)).subarray(0, 2)).toEqual(
      Buffer.from([0xff, 0xd8]),
    );
  });

  test('DFDC and Celeb-DF; a killed prepare goes on and ends with the same bytes', async () => {
    const dfdc = tree('dfdc', { 'a.mp4': 'dfdc-a-fake.mp4', 'b.mp4': 'dfdc-a-real.mp4' });
    writeFileSync(
      join(dfdc, 'metadata.json'),
      JSON.stringify({
        'a.mp4': { label: 'FAKE', split: 'train', original: 'b.mp4' },
        'b.mp4': { label: 'REAL', split: 'train' },
        'absent.mp4': { label: 'FAKE', split: 'train', original: 'b.mp4' },
      }),
    );
    const out = join(root, 'dfdc-out');
    const { code, stdout } = await run('prepare', dfdc, '--out', out, ...fast);
    expect(code).toBe(1);
    expect(stdout).toContain('absent.mp4: file missing');
    const items = await itemsOf(out);
    expect(new Set(items.map(({ sourceId }) => sourceId))).toEqual(new Set(['b']));
    // Its named original is another take of the scene: cut by itself, without a mask, and that is told.
    expect(items.filter(({ label }) => label === 1).map(({ mask }) => mask)).toEqual([undefined, undefined]);
    expect(readFileSync(join(out, 'report.json'), 'utf8')).toContain('not the same moment; no mask');
    expect(await trainingStep(out, items)).toBeGreaterThan(0);

    const celeb = tree('celeb', {
      'Celeb-real/id0_0000.mp4': 'ffpp-c40-253.mp4',
      'YouTube-real/00001.mp4': 'grid-bbaf2n.mpg',
      'Celeb-synthesis/id0_id1_0000.mp4': 'ffpp-c40-Deepfakes-253_183.mp4',
    });
    writeFileSync(join(celeb, 'List_of_testing_videos.txt'), '1 YouTube-real/00001.mp4\n');
    const whole = join(root, 'celeb-whole');
    expect((await run('prepare', celeb, '--out', whole, ...fast)).code).toBe(0);
    const killed = join(root, 'celeb-killed');
    const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', main, 'dataset', 'prepare', celeb, '--out', killed, ...fast],
      { stdio: 'ignore' },
    );
    const gone = new Promise((done) => child.once('exit', done));
    const hasPart = () => existsSync(join(killed, '.build', '000000.json'));
    for (let i = 0; i < 4000 && !hasPart() && child.exitCode === null; i++) {
      await new Promise((done) => setTimeout(done, 10));
    }
    child.kill('SIGKILL');
    await gone;
    expect((await run('prepare', celeb, '--out', killed, ...fast)).code).toBe(0);
    const digest = (folder: string) =>
      readdirSync(join(folder, 'shards')).map((name) =>
        createHash('sha256')
          .update(readFileSync(join(folder, 'shards', name)))
          .digest('hex'),
      );
    expect(digest(killed)).toEqual(digest(whole));
    const made = await itemsOf(killed);
    expect(made.find(({ videoId }) => videoId === 'YouTube-real/00001')?.split).toBe('test');
    expect(await trainingStep(killed, made)).toBeGreaterThan(0);
  }, 240_000);

  test('own footage: two commands give a trainable set; marks are honoured everywhere', async () => {
    const footage = tree('my-videos', {
      'anna.mp4': 'liveportrait-d0.mp4',
      'ben.mp4': 'liveportrait-d10.mp4',
    });
    writeFileSync(join(footage, 'broken.mp4'), 'this is no video');
    const [prepared, made] = [join(root, 'mine'), join(root, 'mine-forged')];
    const first = await run('prepare', footage, '--label', 'real', '--out', prepared, ...fast);
    expect(first.code).toBe(1);
    expect(first.stdout).toMatch(/failed 1:\n {2}broken\.mp4: .*not a video or picture/);
    const second = await run(
      'synthesize',
      prepared,
      '--out',
      made,
      '--workers',
      '2',
      '--per-image',
      '2',
      '--quiet',
    );
    expect(second).toMatchObject({ code: 0 });
    const items = await itemsOf(made);
    expect(items).toHaveLength(16);
    expect(items.every(({ method, mask }) => method === 'original' || mask !== undefined)).toBe(true);
    expect(items.filter(({ label }) => label === 1).length).toBeGreaterThan(3);
    expect(await trainingStep(made, items)).toBeGreaterThan(0);

    const again = join(root, 'mine-again');
    await run('synthesize', prepared, '--out', again, '--workers', '1', '--per-image', '2', '--quiet');
    const bytes = (folder: string) => readFileSync(join(folder, 'shards', 'shard-000000.tar'));
    expect(bytes(again).equals(bytes(made))).toBe(true);

    // On the fly: the twin of each picture differs from it where its mask is white, and only there.
    const reals = await itemsOf(prepared);
    const pairs = pipelineOf(prepared, expandReals(reals), {
      sampling: { kind: 'paired' },
      size: { width: 96, height: 96 },
      synthesize: { mix: { 'self-blend': 1 }, share: 1, hardNegatives: 0, postProcess: true },
    });
    const batch = await pairs.batch(0);
    await pairs.close();
    expect(batch.skipped).toEqual([]);
    expect([...batch.labels]).toEqual([0, 1]);
    const area = 96 * 96;
    expect(batch.masks.subarray(0, area).every((value) => value === 0)).toBe(true);
    let outside = 0;
    for (let i = 0; i < area; i++) {
      if (batch.masks[area + i] === 0)
        outside = Math.max(outside, Math.abs(batch.images[i] - batch.images[3 * area + i]));
    }
    expect(batch.masks.subarray(area).some((value) => value > 0.5)).toBe(true);
    expect(outside).toBeLessThan(0.35);

    // Both sets through `train`: the reals alone with forgeries on the fly, and the forged set as it lies there.
    expect(await oneStep('run-fly', prepared, { synthesize: {} })).toBeGreaterThan(0);
    const blends = join(root, 'mine-blends');
    await run('synthesize', prepared, '--out', blends, '--mix', 'self-blend', '--workers', '1', '--quiet');
    expect(await oneStep('run-forged', blends, {})).toBeGreaterThan(0);

    const marks = { schema: 'mesoscope.exclusions/1', items: [{ id: 'anna.mp4', reason: 'wrong face' }] };
    writeFileSync(join(prepared, 'exclude.json'), JSON.stringify(marks));
    expect((await itemsOf(prepared)).map(({ videoId }) => videoId)).toEqual(['ben.mp4', 'ben.mp4']);
    const fewer = join(root, 'mine-fewer');
    await run('synthesize', prepared, '--out', fewer, '--mix', 'self-blend', '--workers', '1', '--quiet');
    expect(new Set((await itemsOf(fewer)).map(({ sourceId }) => sourceId))).toEqual(new Set(['ben']));
    const skipped = join(root, 'mine-skipped');
    const list = join(prepared, 'exclude.json');
    await run('prepare', footage, '--label', 'real', '--out', skipped, '--exclude', list, ...fast);
    expect(new Set((await itemsOf(skipped)).map(({ videoId }) => videoId))).toEqual(new Set(['ben.mp4']));

    const page = join(root, 'page.html');
    expect((await run('show', made, '--out', page, '--count', '5', '--augment', 'mesonet')).code).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html.match(/<div class="row"/g)).toHaveLength(5);
    expect(html).not.toMatch(/src="(?!data:)/);
  }, 240_000);

  test('pictures with masks, of another size than their picture', async () => {
    const clip = await openClip(shared('dev/videos/ffpp-c40-183.mp4'));
    const folder = join(root, 'masked');
    mkdirSync(folder);
    for await (const frame of clip.frames({ kind: 'even', count: 1 })) {
      writeFileSync(join(folder, 'a.png'), await encodePng(frame));
    }
    await clip.close();
    // The left half of the picture is manipulated; the mask is a quarter as large.
    const mask = {
      width: 40,
      height: 30,
      data: Uint8Array.from({ length: 1200 }, (_, i) => (i % 40 < 20 ? 255 : 0)),
    };
    writeFileSync(join(folder, 'm.png'), await encodeMask(mask));
    writeFileSync(join(folder, 'set.csv'), 'file,label,mask\na.png,fake,m.png\nb.png,fake,m.png\n');
    const out = join(root, 'masked-out');
    const { code } = await run(
      'prepare',
      join(folder, 'set.csv'),
      '--out',
      out,
      '--manifest',
      'parquet',
      ...fast,
    );
    expect(code).toBe(1);
    const { items } = await readManifest(join(out, 'manifest.parquet'));
    expect(items).toHaveLength(1);
    const made = await readMask(await readThrough(join(out, items[0].mask ?? '')));
    expect([made.width, made.height]).toEqual([96, 96]);
  });

  test('compress: sizes fall with quality, the frame rate stays, pictures come out as pictures', async () => {
    const folder = tree('compress', { 'clip.mpg': 'grid-bbaf2n.mpg' });
    copyFileSync(shared('train/portraits/ffhq/0.jpg'), join(folder, 'face.jpg'));
    writeFileSync(join(folder, 'broken.mp4'), 'nothing');
    const out = join(root, 'compressed');
    const { code, stdout } = await run(
      'compress',
      folder,
      '--label',
      'real',
      '--out',
      out,
      '--json',
      '--quiet',
    );
    expect(code).toBe(1);
    const report = JSON.parse(stdout);
    expect(report.failures).toEqual(Array(3).fill(expect.objectContaining({ file: 'broken.mp4' })));
    const sizes = (id: string) =>
      report.files
        .filter((file: { id: string }) => file.id === id)
        .map((file: { bytes: number }) => file.bytes);
    for (const id of ['clip.mpg', 'face.jpg']) {
      const [lossless, light, strong] = sizes(id);
      expect(lossless).toBeGreaterThan(2 * light);
      expect(light).toBeGreaterThan(2 * strong);
    }
    const items = await itemsOf(out);
    expect(items).toHaveLength(6);
    const [before, after] = await Promise.all(
      [join(folder, 'clip.mpg'), join(out, 'crf23/clip-mpg.mp4')].map(async (path) => {
        const clip = await openClip(path);
        const found = {
          rate: clip.info.frameRate,
          frames: (await clip.scan()).frames,
          width: clip.info.width,
        };
        await clip.close();
        return found;
      }),
    );
    expect(after).toEqual(before);
    const picture = await readPicture(join(out, 'crf40/face-jpg.png'));
    expect([picture.width, picture.height]).toEqual([384, 384]);
  });
});

test('wrong usage is told with exit code 2, an absent source and an unwritable output by name', async () => {
  const folder = join(root, 'usage');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.mp4'), 'x');
  expect(
    (await run('prepare', folder, '--label', 'real', '--out', join(root, 'x'), '--sample', 'some:3')).code,
  ).toBe(2);
  expect(
    (await run('prepare', folder, '--label', 'real', '--out', join(root, 'x'), '--crop', 'round:3')).code,
  ).toBe(2);
  expect(
    (await run('synthesize', folder, '--label', 'real', '--out', join(root, 'x'), '--mix', 'magic')).code,
  ).toBe(2);
  const absent = await run('lint', join(root, 'nowhere'));
  expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere') });
  const unwritable = await run(
    'prepare',
    folder,
    '--label',
    'real',
    '--out',
    join(folder, 'a.mp4', 'out'),
    '--quiet',
  );
  expect(unwritable).toMatchObject({ code: 1, stderr: expect.stringContaining('OUTPUT_UNWRITABLE') });
});
