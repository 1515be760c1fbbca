/** Qualities that clips arrive in, as data: what is done to a face's crop before the detector sees it. */
import { type Augment, augmentSchema } from '../data/augment/index.ts';

export const conditionNames = [
  'as-is',
  'crf-23',
  'crf-30',
  'crf-40',
  'moving-30',
  'moving-40',
  'jpeg-50',
  'half-size',
  'quarter-size',
  'blur',
] as const;
export type ConditionName = (typeof conditionNames)[number];

export interface Condition {
  readonly name: ConditionName;
  /** As reports and cards say it. */
  readonly words: string;
  readonly augment: Augment;
  /** Where faces lose resolution: the side in pixels that a crop is shrunk to, as a share of the detector's input. */
  readonly scale?: number;
}

const condition = (name: ConditionName, words: string, augment: unknown, scale?: number): Condition => ({
  name,
  words,
  augment: augmentSchema.parse(augment),
  ...(scale === undefined ? {} : { scale }),
});

/**
 * Everything is done to the crop at the detector's input size, where a real clip is compressed before the crop is cut:
 * a stand-in, which a set made by `dataset compress` and `dataset prepare` is not.
 */
export const conditions: Readonly<Record<ConditionName, Condition>> = {
  'as-is': condition('as-is', 'as the set has them', {}),
  'crf-23': condition('crf-23', 'H.264 at CRF 23', { h264: { crf: [23, 23] } }),
  'crf-30': condition('crf-30', 'H.264 at CRF 30', { h264: { crf: [30, 30] } }),
  'crf-40': condition('crf-40', 'H.264 at CRF 40', { h264: { crf: [40, 40] } }),
  'moving-30': condition('moving-30', 'H.264 at CRF 30, after six frames of motion', {
    h264: { crf: [30, 30], before: [6, 6] },
  }),
  'moving-40': condition('moving-40', 'H.264 at CRF 40, after six frames of motion', {
    h264: { crf: [40, 40], before: [6, 6] },
  }),
  'jpeg-50': condition('jpeg-50', 'JPEG at quality 50', { jpeg: { quality: [50, 50] } }),
  'half-size': condition('half-size', 'shrunk to a half', { downscale: { factor: [0.5, 0.5] } }, 0.5),
  'quarter-size': condition(
    'quarter-size',
    'shrunk to a quarter',
    { downscale: { factor: [0.25, 0.25] } },
    0.25,
  ),
  blur: condition('blur', 'blurred as by filming a screen (sigma 1.5 pixels)', {
    blur: { sigma: [1.5, 1.5] },
  }),
};
