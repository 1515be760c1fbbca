/** How the conformance suite builds each network: small enough for two cores, with everything that the network has. */
import type { Task } from '../network.ts';

export interface NetworkCase {
  /** Side of the pictures. */
  readonly size: number;
  /** Side for the test of the map's alignment, where the map would be too coarse at `size`. */
  readonly mapSize?: number;
  /** Options other than the defaults, to make the network small. */
  readonly extra?: Record<string, unknown>;
  /** A value for every option that must change the graph, beside further options that bring it into play. */
  readonly variations: readonly { option: string; value: unknown; given?: Record<string, unknown> }[];
}

const thresholds = [
  { option: 'tau1', value: 0.7 },
  { option: 'tau2', value: 0.3 },
];

export const networkCases: Readonly<Record<string, NetworkCase>> = {
  meso4: { size: 64, variations: [{ option: 'dropout', value: 0.2 }] },
  'meso-inception4': {
    size: 64,
    variations: [
      { option: 'dropout', value: 0.2 },
      { option: 'head', value: 'convolution' },
      { option: 'tau1', value: 0.7, given: { head: 'convolution' } },
      { option: 'tau2', value: 0.3 },
    ],
  },
  compact: {
    size: 64,
    variations: [
      { option: 'width', value: 8 },
      { option: 'stem', value: 'half' },
      { option: 'depth', value: 2 },
      { option: 'dropout', value: 0.5 },
    ],
  },
  mobilenet: {
    size: 64,
    variations: [
      { option: 'blocks', value: 7 },
      { option: 'dropout', value: 0.5 },
      { option: 'context', value: true },
    ],
  },
  resnet18: {
    size: 64,
    extra: { hidden: 16 },
    variations: [
      { option: 'hidden', value: 0 },
      { option: 'dropout', value: 0.5 },
      { option: 'hiddenDropout', value: 0.1 },
    ],
  },
  xception: { size: 71, mapSize: 171, variations: thresholds },
  unet8x: { size: 48, extra: { width: 8 }, variations: [...thresholds, { option: 'width', value: 4 }] },
  unet4x: { size: 48, extra: { width: 8 }, variations: [...thresholds, { option: 'width', value: 4 }] },
  vgg8: { size: 48, variations: thresholds },
  vgg5: { size: 48, variations: thresholds },
  vgg3: { size: 48, variations: thresholds },
  fn3: { size: 64, variations: thresholds },
  fcn: { size: 64, variations: [] },
  densenet121: { size: 64, variations: [] },
  'resnet18-gru': { size: 32, extra: { units: 16 }, variations: [{ option: 'units', value: 8 }] },
  'densenet121-gru': { size: 32, extra: { units: 16 }, variations: [{ option: 'units', value: 8 }] },
  bayar: {
    size: 64,
    extra: { units: 64 },
    variations: [
      { option: 'units', value: 32 },
      { option: 'dropout', value: 0.2 },
    ],
  },
  rahmouni: {
    size: 32,
    extra: { units: 64 },
    variations: [
      { option: 'units', value: 32 },
      { option: 'dropout', value: 0.2 },
    ],
  },
};

/** Trainable parameters of the default networks, and of what libraries' weights cover (`trunk`). */
export const parameterCounts: Readonly<
  Record<string, { total: Partial<Record<Task, number>>; trunk?: number }>
> = {
  // Published: 27,977 and 28,615 (000).
  meso4: { total: { cls: 27_977 } },
  'meso-inception4': { total: { cls: 28_615, seg: 12_343 } },
  compact: { total: { joint: 488_180 } },
  mobilenet: { total: { joint: 807_492 } },
  // torchvision's resnet18 without fc.
  resnet18: { total: { cls: 11_177_025 }, trunk: 11_176_512 },
  // Keras' Xception without top: 20,861,480 less 54,528 running statistics.
  xception: { total: { cls: 20_811_050, seg: 20_811_050 }, trunk: 20_806_952 },
  unet8x: { total: { cls: 7_700_161, seg: 7_700_161 } },
  unet4x: { total: { cls: 1_864_129, seg: 1_864_129 } },
  vgg8: { total: { cls: 1_737_793, seg: 1_737_793 }, trunk: 1_735_488 },
  vgg5: { total: { cls: 261_313, seg: 261_313 }, trunk: 260_160 },
  vgg3: { total: { cls: 39_297, seg: 39_297 }, trunk: 38_720 },
  fn3: { total: { cls: 210_945, seg: 210_945 } },
  // Published: ~1.2 M (004).
  fcn: { total: { joint: 1_175_204 } },
  // torchvision's densenet121.features.
  densenet121: { total: { cls: 6_954_881 }, trunk: 6_953_856 },
  'resnet18-gru': { total: { cls: 11_669_825 }, trunk: 11_176_512 },
  'densenet121-gru': { total: { cls: 7_840_385 }, trunk: 6_953_856 },
  bayar: { total: { cls: 171_049_718 } },
  rahmouni: { total: { cls: 284_610 } },
};
