/** What 001's figures share: two data sets that differ as the post's do, and sides that all trainings keep. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeText } from '../../data/build/whole-file.ts';
import { joinSets } from '../../data/join.ts';
import { readFacesCsv } from '../../data/layouts/faces-csv.ts';
import { openSource } from '../../data/layouts/index.ts';
import { formatManifest, readManifest } from '../../data/manifest.ts';
import { parseCrop } from '../../data/prepare/crop-text.ts';
import type { SourceSet } from '../../data/source.ts';
import { splitBySource } from '../../data/split.ts';
import { type Laboratory, type Sided, split } from './laboratory.ts';
import type { Scale, ScaleSetting } from './protocol.ts';
import { fourMethods, fourMethodsDiffers } from './sets.ts';

/** 0, 1 and 2 in the post's parallel coordinates. */
export const sources = ['A (FaceForensics++)', 'B (YouTube)', 'A + B'] as const;

export const dessaScales = (cost: string, setting: string): Record<Scale, ScaleSetting> => ({
  smoke: {
    setting,
    cost,
    differs: [
      ...fourMethodsDiffers,
      'The post’s YouTube clips are not at hand: pairs of face crops of the Deepfake Detection Challenge stand for “data from the wild” (set B).',
      'ResNet-18 from scratch at 64 px, since there are no ImageNet weights here; the post fine-tunes at 224 px for hours.',
    ],
  },
  paper: {
    setting:
      'recipes/protocols/001-paper.json: A is FaceForensics++ (raw), whose folder --data names, B your own clips in b/real and b/fake below it; ImageNet weights as weights/resnet18.safetensors below it.',
    cost: 'hours on a GPU',
    differs: [
      'The post gives no values of its hyper-parameters; the recipe has the middle of the ranges that the sweep draws from.',
    ],
  },
});

export interface DessaSets {
  /** Manifests with the column `split`: A alone, B alone, both. */
  manifests: readonly [a: string, b: string, both: string];
}

/**
 * The sides are drawn once over both sets, before any training: a network that saw A and B must not have trained on
 * what one that saw A alone is tested on.
 */
export async function dessaSets(lab: Laboratory): Promise<DessaSets> {
  const cut = {
    crop: 'square:1.3',
    sampling: { kind: 'every', step: 10 },
    size: 224,
    compression: 'raw',
  } as const;
  const a = await openSource(await fourMethods(lab, cut));
  const b = await setB(lab, cut);
  const out = join(lab.work, 'sets', `a-and-b-${lab.scale}-${lab.seed}`);
  const manifests = [join(out, 'a.csv'), join(out, 'b.csv'), join(out, 'both.csv')] as const;
  if (manifests.every((path) => existsSync(path))) return { manifests };
  const { manifest } = await joinSets(
    new Map([
      ['a', a],
      ['b', b],
    ]),
    out,
  );
  const { items } = await readManifest(manifest);
  const sides = splitBySource(items, split);
  const sided = (['train', 'validation', 'test'] as const).flatMap((side) =>
    sides[side].map((item) => ({ ...item, split: side })),
  );
  const parts = [
    sided.filter(({ id }) => id.startsWith('a/')),
    sided.filter(({ id }) => id.startsWith('b/')),
    sided,
  ];
  for (const [k, path] of manifests.entries()) await writeWholeText(path, formatManifest(parts[k], 'csv'));
  return { manifests };
}

async function setB(
  lab: Laboratory,
  { sampling, size, crop }: { crop: string; size: number; sampling: { kind: 'every'; step: number } },
): Promise<SourceSet> {
  if (lab.scale === 'smoke') {
    const { folder, items, dropped } = await readFacesCsv(lab.inData('train/dfdc-pairs/faces.csv'));
    return { folder, layout: 'manifest', items, dropped };
  }
  const how = {
    sampling,
    size,
    crop: parseCrop(crop),
    format: 'jpg',
    jpegQuality: 95,
    faces: 'main',
    leastFace: 40,
  } as const;
  return openSource(await lab.prepared('youtube', { path: lab.inData('b'), layout: 'folder' }, how));
}

/** The test sides of A and of B. */
export async function testSides({ manifests: [a, b] }: DessaSets): Promise<{ a: Sided; b: Sided }> {
  const side = async (path: string): Promise<Sided> => {
    const { folder, items } = await readManifest(path);
    return { folder, items: items.filter((item) => item.split === 'test') };
  };
  return { a: await side(a), b: await side(b) };
}
