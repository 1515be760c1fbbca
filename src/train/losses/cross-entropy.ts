import type { Value } from '../../graph/node.ts';
import { crossEntropyOf, type LossContext, required, smooth } from './loss.ts';

/**
 * Cross entropy of the picture's class, [N]: binary on one logit, softmax on two, as the network has them
 * (002: softmax; 003, eq. 1: binary, whose printed form is a misprint; 004, L_cls: softmax).
 */
export function crossEntropy({ outputs, labels, smoothing }: LossContext): Value {
  const logits = required(outputs.logits, 'cross-entropy', 'a network that classifies (task cls or joint)');
  return crossEntropyOf(logits, smooth(labels.label, smoothing));
}
