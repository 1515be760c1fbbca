/** What 004's tables and figures share: FCN with a joint loss, by method or on all, at two compressions. */
import { augmentSchema, noAugment } from '../../data/augment/index.ts';
import { protocolRecipe } from '../protocol-recipes.ts';
import type { Laboratory, TrainedRun } from './laboratory.ts';
import { writeManifestFor } from './part-of-set.ts';
import { cell, type ProtocolTable, type Scale, type ScaleSetting } from './protocol.ts';
import type { ScoredPicture } from './score-run.ts';
import { fourMethods, fourMethodsDiffers, methodName, methods } from './sets.ts';

/** 004 uses three of FaceForensics++'s methods. */
export const threeMethods = methods.slice(0, 3);
export const compressions = ['c23', 'c40'] as const;
export type Compression = (typeof compressions)[number];

/** The share of the segmentation loss that the paper tries, and those that smoke scale does. */
export const lambdas = (scale: Scale) =>
  scale === 'paper' ? [0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1] : [0, 0.5, 1];

export const convolutionalScales = (cost: string): Record<Scale, ScaleSetting> => ({
  smoke: {
    setting:
      'recipes/protocols/004-smoke.json: FCN at 64 px, batches of 8 (4 pairs), 120 steps of Adam at 1e-3; H.264 at CRF 23 or 40 on every crop, in training and test.',
    cost,
    differs: [
      ...fourMethodsDiffers,
      'lambda_seg 0, 0.5 and 1 in place of eight values; 120 steps in place of 50 epochs over 102,000 frames.',
      'Crops are compressed one by one, after they are cut; FaceForensics++ compresses whole videos.',
    ],
  },
  paper: {
    setting:
      'recipes/protocols/004-paper.json on FaceForensics++ c23 and c40 (the folder that --data names): landmark-centred crops of 128 px, every fifth frame, 50 epochs.',
    cost: 'about 60 runs of hours each on a GPU',
    differs: ['The paper states no batch size: 64.'],
  },
});

export interface ConvolutionalRun {
  lambda: number;
  compression: Compression;
  /** A method of its own, or all together. */
  trainedOn: string;
}

/** Every lambda at both compressions, on each method and on all. */
export function everyRun(used: readonly number[]): ConvolutionalRun[] {
  return used.flatMap((lambda) =>
    compressions.flatMap((compression) =>
      [...threeMethods.map(({ short }) => short), 'all'].map((trainedOn) => ({
        lambda,
        compression,
        trainedOn,
      })),
    ),
  );
}

/** DF, F2F, FS at c23, then at c40, in percent, by lambda. */
export type PublishedHalves = Readonly<
  Record<'specific' | 'all', Readonly<Record<number, readonly number[]>>>
>;

/** Where a run's figure on a method belongs. */
export const figureKey = ({ lambda, compression, trainedOn }: ConvolutionalRun, method: string) =>
  `${trainedOn === 'all' ? 'all' : 'specific'}/${lambda}/${compression}/${method}`;

/** Both halves of Tables II and III: trained on one method, and on all. @param figures shares by {@link figureKey} */
export function bothHalves(
  used: readonly number[],
  published: PublishedHalves,
  figures: ReadonlyMap<string, number | undefined>,
  quantity: string,
): ProtocolTable[] {
  const half = (how: 'specific' | 'all', title: string): ProtocolTable => ({
    title,
    quantity,
    columns: compressions.flatMap((c) => threeMethods.map(({ short }) => `${c} ${short}`)),
    rows: used.map((lambda) => ({
      name: `lambda_seg ${lambda}`,
      cells: compressions.flatMap((c, i) =>
        threeMethods.map(({ short }, k) => {
          const ours = figures.get(`${how}/${lambda}/${c}/${short}`);
          return cell(published[how][lambda]?.[i * 3 + k], ours && ours * 100);
        }),
      ),
    })),
  });
  return [half('specific', 'Trained on one method'), half('all', 'Trained on all methods')];
}

const nameOf = ({ lambda, compression, trainedOn }: ConvolutionalRun) =>
  `fcn-${lambda}-${compression}-${trainedOn.toLowerCase()}`;

/** H.264 on every crop at smoke scale, whose set is not compressed; the paper's videos are already. */
const quality = (lab: Laboratory, compression: Compression) => {
  if (lab.scale === 'paper') return noAugment;
  const crf = compression === 'c23' ? 23 : 40;
  return augmentSchema.parse({ h264: { crf: [crf, crf], probability: 1 } });
};

export async function trainConvolutional(
  lab: Laboratory,
  wanted: readonly ConvolutionalRun[],
): Promise<{ want: ConvolutionalRun; run: TrainedRun }[]> {
  const recipe = await protocolRecipe(`004-${lab.scale}`);
  const plans = [];
  for (const want of wanted) {
    const whole = await setAt(lab, want.compression);
    const method = methods.find(({ short }) => short === want.trainedOn);
    const names = (method ? [method] : threeMethods).map((each) => methodName(lab, each));
    plans.push({
      name: nameOf(want),
      set: await writeManifestFor(whole, names),
      recipe: {
        ...recipe,
        ...(lab.scale === 'paper' ? { data: { split: undefined } } : {}),
        loss: { kind: 'joint', lambda: want.lambda },
        augment: { ...(recipe.augment as object), ...quality(lab, want.compression) },
      },
    });
  }
  const runs = await lab.train(plans);
  return wanted.flatMap((want) => {
    const run = runs.get(nameOf(want));
    return run ? [{ want, run }] : [];
  });
}

function setAt(lab: Laboratory, compression: Compression): Promise<string> {
  return fourMethods(lab, {
    crop: 'landmark-centred:1.1',
    sampling: { kind: 'every', step: 5 },
    size: 128,
    compression,
  });
}

/** The test side of what a run was trained on, at its own quality. */
export function scoreConvolutional(
  lab: Laboratory,
  { want, run }: { want: ConvolutionalRun; run: TrainedRun },
  maps = false,
): Promise<ScoredPicture[]> {
  return lab.score(run, { augment: quality(lab, want.compression), maps });
}
