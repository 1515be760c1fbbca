/**
 * MesoInception-4 (Afchar et al. 2018, "MesoNet", section 2.2 and figure 5): Meso-4 whose first two
 * convolutions are inception modules with dilated 3x3 branches.
 *
 * Expects 256 px faces in [0, 1]. 28,615 trainable parameters (published and met). Table 1 of the paper prints
 * (1,4,4,1) and (1,4,4,2) for the modules; the count and the authors' weights are met by (1,4,4,2) and
 * (2,4,4,2). Published: .917 of frames right on the Deepfake set (table 3); .968 / .934 / .813 on Face2Face at
 * CRF 0 / 23 / 40 (table 4).
 *
 * "Zooming into Face Forensics" (Li et al. 2019, section 3.3) replaces everything after the last batch
 * normalisation by one convolution, at 1/8 of the input's resolution: `task: 'seg'`, or `head: 'convolution'` for
 * its classifier with a map; 12,343 trainable parameters. Published, FaceForensics++ raw: accuracy .789 and mIoU .673
 * as seg, .756 and .482 as cls (tables 1 and 2). It does not give that convolution's kernel; 3x3 as in its FN3.
 */
import { z } from 'zod';
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { batchNormalisation, convolution, kerasNorm } from './_blocks.ts';
import { mesoHead } from './_meso-head.ts';
import { pixelHead, pixelHeadOptions } from './_pixel-head.ts';
import { mesoBlock, mesoFeatures } from './meso4.ts';
import { type Network, unitRange } from './network.ts';

const options = z.strictObject({
  /** Share of values dropped before each dense layer. */
  dropout: z.number().min(0).lt(1).default(0.5),
  ...pixelHeadOptions,
  /** MesoNet's dense layers, which give no map, or 003's convolution, which `seg` always has. */
  head: z.enum(['dense', 'convolution']).default('dense'),
});

/** Filters of the plain 1x1 branch and of the 3x3 branches with dilation 1, 2, 3. */
type ModuleFilters = readonly [a: number, b: number, c: number, d: number];
const modules: readonly ModuleFilters[] = [
  [1, 4, 4, 2],
  [2, 4, 4, 2],
];

export const mesoInception4: Network<z.infer<typeof options>> = {
  name: 'meso-inception4',
  title: 'MesoInception-4',
  source: 'Afchar et al. 2018 (MesoNet), 2.2; Li et al. 2019, 3.3',
  tasks: ['cls', 'seg'],
  inputSize: 256,
  sizes: { min: 32, step: 32 },
  normalisation: unitRange,
  options,
  publishedParameters: 28_615,
  kerasOrder: {
    conv2d: [
      ...['inception1', 'inception2'].flatMap((module) =>
        ['a', 'b/reduce', 'b/dilated', 'c/reduce', 'c/dilated', 'd/reduce', 'd/dilated'].map(
          (branch) => `${module}/${branch}`,
        ),
      ),
      'block3/conv',
      'block4/conv',
    ],
    batch_normalization: ['inception1/norm', 'inception2/norm', 'block3/norm', 'block4/norm'],
    dense: ['head/hidden', 'head/output'],
  },
  build(scope, image, { dropout, head, ...pixel }) {
    let x = image;
    for (const [i, filters] of modules.entries()) {
      x = scope.layer(`inception${i + 1}`, (inner) => {
        const joined = inceptionModule(inner, x, filters);
        return ops.maxPool2d(batchNormalisation(inner, 'norm', joined, kerasNorm), { kernel: 2, stride: 2 });
      });
    }
    x = scope.layer('block3', (inner) => mesoBlock(inner, x, { filters: 16, kernel: 5, pool: 2 }));
    if (pixel.task === 'seg' || head === 'convolution') {
      return pixelHead(
        scope,
        scope.layer('block4', (inner) => mesoFeatures(inner, x, 16, 5)),
        pixel,
      );
    }
    x = scope.layer('block4', (inner) => mesoBlock(inner, x, { filters: 16, kernel: 5, pool: 4 }));
    return mesoHead(scope, x, dropout);
  },
};

/** Figure 5: a 1x1 branch beside three 1x1 → dilated 3x3 branches, every convolution followed by ReLU. */
export function inceptionModule(scope: Scope, x: Value, [a, b, c, d]: ModuleFilters): Value {
  const pointwise = (inner: Scope, name: string, filters: number) =>
    ops.relu(convolution(inner, name, x, { filters, kernel: 1 }));
  const dilated = (name: string, filters: number, dilation: number) =>
    scope.layer(name, (inner) =>
      ops.relu(
        convolution(inner, 'dilated', pointwise(inner, 'reduce', filters), {
          filters,
          kernel: 3,
          dilation,
          padding: 'same',
        }),
      ),
    );
  return ops.concat([pointwise(scope, 'a', a), dilated('b', b, 1), dilated('c', c, 2), dilated('d', d, 3)]);
}
