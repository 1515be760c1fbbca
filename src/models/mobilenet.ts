/**
 * The first blocks of MobileNet (Howard et al. 2017, arXiv:1704.04861, Table 1) with our two heads: a map at 1/8 of
 * the input and a score that reads the pooled features and the map. Not one of the five documents.
 *
 * Here for its trunk: the face descriptor that comes with `@vladmandic/human` is such a network, and
 * `scripts/faceres-weights.ts` turns it into first weights. With 8 blocks at 160 px: 807,492 parameters, 170 M
 * multiply-adds. Activations are plain ReLUs in place of the descriptor's ReLU6, whose gradient costs two more passes.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import { fixed } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import {
  batchNormalisation,
  convolution,
  mapProbability,
  probability,
  scoreBesideMap,
  torchNorm,
} from './_blocks.ts';
import { centredRange, type Network } from './network.ts';

/** Filters and stride of each block's two convolutions (Table 1). */
export const mobilenetBlocks: readonly (readonly [filters: number, stride: 1 | 2])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
];

/** The last block at 1/8 of the resolution, whose features the map reads. */
const mapBlock = 5;

const options = z.strictObject({
  /** Blocks that are kept; the last ones of the original see more than a face's texture. */
  blocks: z.int().min(6).max(mobilenetBlocks.length).default(8),
  /** Share of the pooled features that are dropped. */
  dropout: z.number().min(0).lt(1).default(0.2),
  /** The map reads the last block too, enlarged: what a place looks like beside all else, not its texture alone. */
  context: z.boolean().default(false),
});

export const mobilenet: Network<z.infer<typeof options>> = {
  name: 'mobilenet',
  title: 'MobileNet',
  source: 'Howard et al. 2017, arXiv:1704.04861; heads by Mesoscope',
  tasks: ['joint'],
  inputSize: 160,
  sizes: { min: 32, step: 16 },
  normalisation: centredRange,
  options,
  build(scope, image, { blocks, dropout: rate, context }) {
    let x = unit(scope, 'stem', image, 32, { kernel: 3, stride: 2 });
    let mapLogits: Value | undefined;
    for (const [i, [filters, stride]] of mobilenetBlocks.slice(0, blocks).entries()) {
      x = scope.layer(`block${i + 1}`, (inner) => {
        const channels = x.type.shape[1] as number;
        const depthwise = unit(inner, 'depthwise', x, channels, { kernel: 3, stride, groups: channels });
        return unit(inner, 'pointwise', depthwise, filters, { kernel: 1, stride: 1 });
      });
      if (i + 1 === mapBlock) {
        mapLogits = convolution(scope, 'map', x, { filters: 1, kernel: 1, start: 'fan-in' });
      }
    }
    if (!mapLogits) throw new Error('a MobileNet without the block of its map');
    if (context) {
      const wide = convolution(scope, 'context', x, { filters: 1, kernel: 1, bias: false, start: 'fan-in' });
      const size = fixed(mapLogits.type.shape.slice(2)) as [number, number];
      mapLogits = ops.add(mapLogits, ops.resize2d(wide, { size, mode: 'bilinear' }));
    }
    const logits = scoreBesideMap(scope, x, mapLogits, rate);
    return { score: probability(logits), logits, map: mapProbability(mapLogits), mapLogits };
  },
};

/** Convolution padded as Keras does, norm, ReLU. */
function unit(
  scope: Scope,
  name: string,
  x: Value,
  filters: number,
  { kernel, stride, groups = 1 }: { kernel: number; stride: number; groups?: number },
): Value {
  return scope.layer(name, (inner) => {
    const layer = { filters, kernel, stride, groups, padding: 'same', bias: false, start: 'he' } as const;
    return ops.relu(batchNormalisation(inner, 'norm', convolution(inner, 'conv', x, layer), torchNorm));
  });
}
