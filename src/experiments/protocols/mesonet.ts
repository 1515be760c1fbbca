/** What 000's tables share: both networks as detectors, and the clips that they are tested on. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compress } from '../../data/compress/index.ts';
import { openSource } from '../../data/layouts/index.ts';
import { parseCrop } from '../../data/prepare/crop-text.ts';
import type { SourceSet } from '../../data/source.ts';
import { importKeras } from '../../detect/import-keras.ts';
import { openScanner } from '../../detect/scanner.ts';
import type { Sampling } from '../../media/sampling.ts';
import { protocolRecipe } from '../protocol-recipes.ts';
import { type ScoredClip, scoreClips } from '../score-clips.ts';
import type { Laboratory } from './laboratory.ts';
import type { Scale, ScaleSetting } from './protocol.ts';

export type MesonetData = 'Deepfakes' | 'Face2Face';

export const mesonets = [
  { title: 'Meso-4', network: 'meso4', file: 'Meso4' },
  { title: 'MesoInception-4', network: 'meso-inception4', file: 'MesoInception' },
] as const;

export const mesonetScales = (cost: string): Record<Scale, ScaleSetting> => ({
  smoke: {
    setting:
      'The weights that the authors released, each on the 4 originals and 4 fakes of its method in ../shared/data/dev (FaceForensics++ c40), 32 frames a clip; nothing is trained.',
    cost,
    differs: [
      'The authors’ own test pictures were not at hand: 8 clips of FaceForensics++ at c40 stand for them, of people and forgeries that the weights never saw. Intervals over so few clips are wide.',
      'Faces are found by BlazeFace and cut with a margin of a quarter, not by Viola-Jones.',
      'Decisions are at 0.5, uncalibrated, as in the paper.',
    ],
  },
  paper: {
    setting:
      'recipes/protocols/000-paper.json: both networks trained on train/real and train/fake below --data (pictures), tested on test/real and test/fake (clips).',
    cost: 'hours on a GPU, a day on two cores',
    differs: [
      'The ranges of the random transformations are Keras’s customary ones: the paper names only their kinds.',
    ],
  },
});

/** The test clips: untouched ones and those of one method. */
export async function testClips(lab: Laboratory, data: MesonetData): Promise<SourceSet> {
  if (lab.scale === 'paper') return openSource(lab.inData('test'), { layout: 'folder' });
  const whole = await openSource(lab.inData('dev/videos.csv'), { layout: 'csv' });
  const items = whole.items.filter(
    ({ file, method, label }) => file.includes('ffpp-c40-') && (label === 0 || method === data),
  );
  return { ...whole, items };
}

/** The same clips once more through x264; the paper's levels are 0 (lossless), 23 and 40. */
export async function testClipsAt(lab: Laboratory, data: MesonetData, crf: 0 | 23 | 40): Promise<SourceSet> {
  const source = await testClips(lab, data);
  // Lossless is what is there: another pass would change nothing but the container.
  if (crf === 0) return source;
  const out = join(lab.work, 'sets', `mesonet-${lab.scale}-${data.toLowerCase()}-crf${crf}`);
  if (!existsSync(join(out, 'manifest.csv'))) {
    lab.stage(`encoding at CRF ${crf}`);
    await compress(source, {
      out,
      crf: [crf],
      onItem: (name, done, total) => lab.share(done / total, name),
      ...(lab.signal ? { signal: lab.signal } : {}),
    });
  }
  return openSource(out);
}

/** Path of a network's detector: the released weights at smoke scale, trained here at paper scale. */
export async function mesonetDetector(
  lab: Laboratory,
  { network, file }: (typeof mesonets)[number],
  data: MesonetData,
): Promise<string> {
  if (lab.scale === 'smoke') {
    const folder = join(lab.work, 'detectors');
    await mkdir(folder, { recursive: true });
    const weights = lab.inData(`mesonet/${file}_${data === 'Deepfakes' ? 'DF' : 'F2F'}.h5`);
    const { bytes, contract } = await importKeras(weights, network);
    const path = join(folder, `${contract.name}.onnx`);
    if (!existsSync(path)) await writeFile(path, bytes);
    return path;
  }
  const set = await lab.prepared(
    'mesonet-train',
    { path: lab.inData('train'), layout: 'folder' },
    {
      crop: parseCrop('aligned:0.1'),
      sampling: { kind: 'even', count: 50 },
      size: 256,
      format: 'jpg',
      jpegQuality: 95,
      faces: 'main',
      leastFace: 40,
    },
  );
  const recipe = await protocolRecipe('000-paper');
  const name = `${network}-${data.toLowerCase()}`;
  const runs = await lab.train([
    {
      name,
      set,
      recipe: {
        ...recipe,
        network: { name: network },
        detector: { name, crop: parseCrop('aligned:0.1'), calibrate: false },
      },
    },
  ]);
  return join(runs.get(name)?.folder ?? '', 'model.onnx');
}

/** Every clip through a detector; kept by detector, set and sampling for as long as the process lives. */
const scannedAlready = new Map<string, Promise<ScoredClip[]>>();

export function scanAll(
  lab: Laboratory,
  path: string,
  source: SourceSet,
  sampling: Sampling = { kind: 'even', count: 32 },
): Promise<ScoredClip[]> {
  const key = JSON.stringify([path, source.folder, source.items.map(({ id }) => id), sampling]);
  const known = scannedAlready.get(key);
  if (known) return known;
  const scan = async () => {
    const scanner = await openScanner({ detector: path, threads: lab.parallel, seed: lab.seed });
    try {
      return await scoreClips(scanner, {
        folder: source.folder,
        items: source.items,
        sampling,
        onProgress: (done, total) => lab.share(done / total, scanner.detector.name),
        ...(lab.signal ? { signal: lab.signal } : {}),
      });
    } finally {
      await scanner.close();
    }
  };
  const scanned = scan();
  scannedAlready.set(key, scanned);
  scanned.catch(() => scannedAlready.delete(key));
  return scanned;
}

/** Share of right decisions at 0.5 among these scores. */
export function accuracyAtHalf(scores: readonly { label: 0 | 1; score: number }[]): number | undefined {
  if (scores.length === 0) return undefined;
  return scores.filter(({ label, score }) => Number(score >= 0.5) === label).length / scores.length;
}

export const framesOf = (clips: readonly ScoredClip[]) =>
  clips.flatMap(({ item, faces }) => faces.map((score) => ({ label: item.label, score })));

export const videosOf = (clips: readonly ScoredClip[]) =>
  clips.flatMap(({ item, score }) => (score === undefined ? [] : [{ label: item.label, score }]));

export const countOf = (clips: readonly ScoredClip[]) =>
  `${clips.length} clips, ${framesOf(clips).length} faces`;
