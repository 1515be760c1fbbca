/** What 003's tables and figures share: the same networks as classifier and as segmenter, trained once for all. */
import type { SplitName } from '../../data/manifest.ts';
import { protocolRecipe } from '../protocol-recipes.ts';
import type { Laboratory, TrainedRun } from './laboratory.ts';
import type { ScaleSetting } from './protocol.ts';
import type { ScoredPicture } from './score-run.ts';
import { fourMethods, fourMethodsDiffers } from './sets.ts';

/** The paper's names in its own order, and ours. Its Table 1 calls VGG8, VGG5 and FN3 VGG7, VGG4 and Conv3. */
export const zoomingNetworks = [
  { title: 'Xception', name: 'xception' },
  { title: 'Mesonet', name: 'meso-inception4' },
  { title: 'UNet8x', name: 'unet8x' },
  { title: 'UNet4x', name: 'unet4x' },
  { title: 'VGG8', name: 'vgg8' },
  { title: 'VGG5', name: 'vgg5' },
  { title: 'FN3', name: 'fn3' },
] as const;

export type ZoomingTask = 'cls' | 'seg';
export const zoomingTasks: readonly ZoomingTask[] = ['cls', 'seg'];

export const zoomingScales = (cost: string): Record<'smoke' | 'paper', ScaleSetting> => ({
  smoke: {
    setting:
      'recipes/protocols/003-smoke.json: 64 px, batches of 8 (4 pairs), 200 steps of Adam at 1e-3, all methods mixed; tested on a fifth of the portraits.',
    cost,
    differs: [
      ...fourMethodsDiffers,
      'Xception takes no picture below 71 px: it alone is trained and tested at 72, where its map has nine cells, eight of them at the border; its IoUs are not to be compared with the others’.',
      '200 steps from scratch in place of epochs over 720 videos a method: a thousandth of the training.',
      'Classifiers and segmenters see the same crops of the whole face; in the paper segmenters see random crops of a picture twice as large as the face.',
    ],
  },
  paper: {
    setting:
      'recipes/protocols/003-paper.json on FaceForensics++ raw (the folder that --data names): crops of twice the face at 256 px, masks from pixel differences, batches of 64, the official 720 / 140 / 140 videos.',
    cost: 'days on a GPU',
    differs: [
      'The paper does not say how long it trains (10 epochs here), nor its thresholds tau1 (0.5 here) and tau2 (set on validation videos for table 1).',
    ],
  },
});

export function zoomingSet(lab: Laboratory): Promise<string> {
  return fourMethods(lab, {
    crop: 'square:2',
    sampling: { kind: 'every', step: 10 },
    size: 256,
    compression: 'raw',
  });
}

type Init = { suffix: string; weights: (network: string) => string };

/** Recipes by name of run, such as `vgg5-seg`. */
export function zoomingRecipes(
  base: Readonly<Record<string, unknown>>,
  networks: readonly string[],
  tasks: readonly ZoomingTask[],
  init?: Init,
): Map<string, Record<string, unknown>> {
  const plans = networks.flatMap((network) =>
    tasks.map((task): [string, Record<string, unknown>] => [
      `${network}-${task}${init?.suffix ?? ''}`,
      {
        ...base,
        ...(network === 'xception' ? { size: Math.max(Number(base.size), smallestXception) } : {}),
        network: {
          name: network,
          options: { task, ...(needsConvolution(network, task) ? convolution : {}) },
        },
        loss: { kind: task === 'seg' ? 'pixel-cross-entropy' : 'cross-entropy' },
        ...(init ? { init: { weights: init.weights(network), except: ['classifier'] } } : {}),
      },
    ]),
  );
  return new Map(plans);
}

/** It takes no picture below 71 px. */
const smallestXception = 72;

/** Trains what is asked for. */
export async function trainZooming(
  lab: Laboratory,
  networks: readonly string[],
  tasks: readonly ZoomingTask[],
  init?: Init,
): Promise<Map<string, TrainedRun>> {
  const set = await zoomingSet(lab);
  const base = await protocolRecipe(`003-${lab.scale}`);
  const ownSplit = lab.scale === 'paper' ? { data: { split: undefined } } : {};
  const recipes = zoomingRecipes({ ...base, ...ownSplit }, networks, tasks, init);
  return lab.train([...recipes].map(([name, recipe]) => ({ name, set, recipe })));
}

/** As the paper makes an activation map of MesoInception-4: its dense layers have none. */
const needsConvolution = (network: string, task: ZoomingTask) =>
  network === 'meso-inception4' && task === 'cls';
const convolution = { head: 'convolution' } as const;

/** Every run on the test side, one after the other. */
export async function scoreZooming(
  lab: Laboratory,
  runs: ReadonlyMap<string, TrainedRun>,
  side: SplitName = 'test',
): Promise<Map<string, ScoredPicture[]>> {
  const out = new Map<string, ScoredPicture[]>();
  lab.stage(`scoring ${runs.size} runs`);
  for (const [name, run] of runs) {
    out.set(name, await lab.score(run, { side }));
    lab.share(out.size / runs.size, name);
  }
  return out;
}
