import { scalar } from '../graph/leaves.ts';
import type { Value } from '../graph/node.ts';
import { add } from './add.ts';
import { dense } from './dense.ts';
import { multiply } from './multiply.ts';
import { sigmoid } from './sigmoid.ts';
import { split } from './slice.ts';
import { subtract } from './subtract.ts';
import { tanh } from './tanh.ts';

/** Weights of a gated recurrent unit in PyTorch's layout: the rows of the gates r, z, n one after another. */
export interface GruWeights {
  /** [3 H, I] */
  readonly input: Value;
  /** [3 H, H] */
  readonly hidden: Value;
  /** [3 H] */
  readonly inputBias: Value;
  /** [3 H] */
  readonly hiddenBias: Value;
}

/**
 * One step of a gated recurrent unit (Cho et al. 2014, with cuDNN's and PyTorch's reset after the product):
 * input [N, I] and state [N, H] give the next state [N, H].
 *
 *     r = σ(Wr x + Ur h)   z = σ(Wz x + Uz h)   n = tanh(Wn x + r (Un h))   h' = (1 - z) n + z h
 */
export function gruCell(x: Value, state: Value, weights: GruWeights): Value {
  const size = state.type.shape[1] as number;
  const gates = (value: Value) => split(value, 1, [size, size, size]);
  const [xr, xz, xn] = gates(dense(x, weights.input, weights.inputBias));
  const [hr, hz, hn] = gates(dense(state, weights.hidden, weights.hiddenBias));
  const reset = sigmoid(add(xr, hr));
  const keep = sigmoid(add(xz, hz));
  const candidate = tanh(add(xn, multiply(reset, hn)));
  return add(multiply(subtract(scalar(1), keep), candidate), multiply(keep, state));
}
