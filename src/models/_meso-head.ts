/** The classifier that Meso-4 and MesoInception-4 share (figure 4): 16 hidden units, one output. */
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { dense, dropout, flattenChannelsLast, probability } from './_blocks.ts';
import type { NetworkOutputs } from './network.ts';

export function mesoHead(scope: Scope, features: Value, rate: number): NetworkOutputs {
  return scope.layer('head', (inner) => {
    const flat = dropout(inner, 'dropout1', flattenChannelsLast(features), rate);
    const hidden = ops.leakyRelu(dense(inner, 'hidden', flat, 16), 0.1);
    const logits = dense(inner, 'output', dropout(inner, 'dropout2', hidden, rate), 1);
    return { logits, score: probability(logits) };
  });
}
