/**
 * UNet (Ronneberger et al. 2015, figure 1) with a choice of depth: two 3x3 convolutions on every level, 2x2 maximum
 * pooling down, 2x2 transposed convolution up, and skips that join what either way has on a level. Padded and with
 * batch normalisation, as is usual since.
 */
import type { Value } from '../graph/node.ts';
import type { Initializer, Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { batchNormalisation, convolution, torchNorm } from './_blocks.ts';

/** [N, 3, H, W] to [N, width, H, W]; `downs` halvings, `width` filters on the top level, doubled on each below. */
export function unetTrunk(scope: Scope, image: Value, downs: number, width: number): Value {
  const skips: Value[] = [];
  let x = image;
  for (let level = 0; level <= downs; level++) {
    if (level > 0) {
      skips.push(x);
      x = ops.maxPool2d(x, { kernel: 2 });
    }
    x = scope.layer(`down${level}`, (inner) => twice(inner, x, width * 2 ** level));
  }
  for (let level = downs - 1; level >= 0; level--) {
    x = scope.layer(`up${level}`, (inner) => {
      const filters = width * 2 ** level;
      return twice(inner, ops.concat([skips[level], doubled(inner, x, filters)]), filters);
    });
  }
  return x;
}

function twice(scope: Scope, x: Value, filters: number): Value {
  return [1, 2].reduce((y, number) => {
    const layer = { filters, kernel: 3, padding: 1, bias: false, start: 'he' } as const;
    return ops.relu(
      batchNormalisation(scope, `norm${number}`, convolution(scope, `conv${number}`, y, layer), torchNorm),
    );
  }, x);
}

/** [N, C, h, w] to [N, filters, 2 h, 2 w]. */
function doubled(scope: Scope, x: Value, filters: number): Value {
  return scope.layer('raise', (inner) => {
    const channels = x.type.shape[1] as number;
    const start: Initializer = { kind: 'fan-in-uniform', fanIn: channels };
    const weight = inner.parameter('weight', [channels, filters, 2, 2], start);
    return ops.convTranspose2d(x, weight, { stride: 2, bias: inner.parameter('bias', [filters], start) });
  });
}
