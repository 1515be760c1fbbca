/**
 * The catalogue of operations, one a file. `operations` holds every `Op` by name; a test asserts that it equals the
 * folder, and the conformance suite that each has cases.
 */
import type { Op } from '../graph/node.ts';
import { absOp } from './abs.ts';
import { addOp } from './add.ts';
import { averagePoolGradientOp } from './average-pool-gradient.ts';
import { averagePool2dOp } from './average-pool2d.ts';
import { batchNormOp } from './batch-norm.ts';
import { batchNormGradientOp } from './batch-norm-gradient.ts';
import { batchNormTrainingOp } from './batch-norm-training.ts';
import { castOp } from './cast.ts';
import { clampOp } from './clamp.ts';
import { concatOp } from './concat.ts';
import { convInputGradientOp } from './conv-input-gradient.ts';
import { convTranspose2dOp } from './conv-transpose2d.ts';
import { convWeightGradientOp } from './conv-weight-gradient.ts';
import { conv2dOp } from './conv2d.ts';
import { denseOp } from './dense.ts';
import { divideOp } from './divide.ts';
import { equalOp } from './equal.ts';
import { expOp } from './exp.ts';
import { expandOp } from './expand.ts';
import { foldStepsOp } from './fold-steps.ts';
import { greaterOp } from './greater.ts';
import { leakyReluOp } from './leaky-relu.ts';
import { logOp } from './log.ts';
import { logSoftmaxOp } from './log-softmax.ts';
import { matMulOp } from './mat-mul.ts';
import { maxPoolGradientOp } from './max-pool-gradient.ts';
import { maxPool2dOp } from './max-pool2d.ts';
import { multiplyOp } from './multiply.ts';
import { negateOp } from './negate.ts';
import { padOp } from './pad.ts';
import { powerOp } from './power.ts';
import { reduceMaxOp } from './reduce-max.ts';
import { reduceMeanOp } from './reduce-mean.ts';
import { reduceSumOp } from './reduce-sum.ts';
import { reluOp } from './relu.ts';
import { reluGradientOp } from './relu-gradient.ts';
import { reshapeOp } from './reshape.ts';
import { resize2dOp } from './resize2d.ts';
import { selectOp } from './select.ts';
import { sigmoidOp } from './sigmoid.ts';
import { signOp } from './sign.ts';
import { sliceOp } from './slice.ts';
import { softmaxOp } from './softmax.ts';
import { softplusOp } from './softplus.ts';
import { sqrtOp } from './sqrt.ts';
import { squareOp } from './square.ts';
import { subtractOp } from './subtract.ts';
import { tanhOp } from './tanh.ts';
import { transposeOp } from './transpose.ts';
import { unfoldStepsOp } from './unfold-steps.ts';

export { abs } from './abs.ts';
export { add } from './add.ts';
export { averagePoolGradient } from './average-pool-gradient.ts';
export { averagePool2d } from './average-pool2d.ts';
export { batchNorm } from './batch-norm.ts';
export { batchNormGradient } from './batch-norm-gradient.ts';
export { batchNormTraining, type Normalised } from './batch-norm-training.ts';
export { cast } from './cast.ts';
export { clamp } from './clamp.ts';
export { concat } from './concat.ts';
export { convInputGradient } from './conv-input-gradient.ts';
export { convTranspose2d, type TransposedConvolutionOptions } from './conv-transpose2d.ts';
export { convWeightGradient } from './conv-weight-gradient.ts';
export { type ConvolutionOptions, conv2d } from './conv2d.ts';
export type { Pads, Pair, WindowOptions } from './convolution-shape.ts';
export { dense } from './dense.ts';
export { divide } from './divide.ts';
export { dropout } from './dropout.ts';
export { equal } from './equal.ts';
export { exp } from './exp.ts';
export { expand } from './expand.ts';
export { fill } from './fill.ts';
export { foldSteps } from './fold-steps.ts';
export { globalAveragePool2d } from './global-average-pool2d.ts';
export { gradientsOf, reverseOps } from './gradients.ts';
export { greater } from './greater.ts';
export { type GruWeights, gruCell } from './gru-cell.ts';
export { leakyRelu } from './leaky-relu.ts';
export { log } from './log.ts';
export { logSoftmax } from './log-softmax.ts';
export { matMul } from './mat-mul.ts';
export { maxPoolGradient } from './max-pool-gradient.ts';
export { maxPool2d, type PoolOptions } from './max-pool2d.ts';
export { multiply } from './multiply.ts';
export { negate } from './negate.ts';
export { pad } from './pad.ts';
export { power } from './power.ts';
export { reduceMax } from './reduce-max.ts';
export { reduceMean } from './reduce-mean.ts';
export { reduceSum } from './reduce-sum.ts';
export { relu } from './relu.ts';
export { reluGradient } from './relu-gradient.ts';
export { reshape } from './reshape.ts';
export { resize2d } from './resize2d.ts';
export { select } from './select.ts';
export { sigmoid } from './sigmoid.ts';
export { sign } from './sign.ts';
export { slice, split } from './slice.ts';
export { softmax } from './softmax.ts';
export { softplus } from './softplus.ts';
export { sqrt } from './sqrt.ts';
export { square } from './square.ts';
export { subtract } from './subtract.ts';
export { sumTo } from './sum-to.ts';
export { tanh } from './tanh.ts';
export { transpose } from './transpose.ts';
export { unfoldSteps } from './unfold-steps.ts';

// The catalogue is heterogeneous in its attributes; nodes keep an operation and its attributes together.
const all = [
  absOp,
  addOp,
  averagePoolGradientOp,
  averagePool2dOp,
  batchNormGradientOp,
  batchNormTrainingOp,
  batchNormOp,
  castOp,
  clampOp,
  concatOp,
  convInputGradientOp,
  convTranspose2dOp,
  convWeightGradientOp,
  conv2dOp,
  denseOp,
  divideOp,
  equalOp,
  expOp,
  expandOp,
  foldStepsOp,
  greaterOp,
  leakyReluOp,
  logSoftmaxOp,
  logOp,
  matMulOp,
  maxPoolGradientOp,
  maxPool2dOp,
  multiplyOp,
  negateOp,
  padOp,
  powerOp,
  reduceMaxOp,
  reduceMeanOp,
  reduceSumOp,
  reluOp,
  reluGradientOp,
  reshapeOp,
  resize2dOp,
  selectOp,
  sigmoidOp,
  signOp,
  sliceOp,
  softmaxOp,
  softplusOp,
  sqrtOp,
  squareOp,
  subtractOp,
  tanhOp,
  transposeOp,
  unfoldStepsOp,
] as unknown as readonly Op[];

export const operations: ReadonlyMap<string, Op> = new Map(all.map((op) => [op.name, op]));
