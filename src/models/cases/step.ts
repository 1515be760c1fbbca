/** A training step for tests: gradient descent with the step length that first-order theory gives. */
import { Random } from '../../base/random.ts';
import { input, scalar } from '../../graph/leaves.ts';
import type { Value } from '../../graph/node.ts';
import { emitOnnx } from '../../graph/onnx/emit.ts';
import { Scope } from '../../graph/scope.ts';
import { type FloatTensor, fixed, floats, sizeOf, type Tensor, tensor } from '../../graph/tensor.ts';
import * as ops from '../../ops/index.ts';
import { openSession } from '../../runtime/session.ts';
import { inputShape, type Network, type NetworkOutputs } from '../network.ts';
import { quickWeights } from './formula.ts';

export interface TestStep {
  readonly scope: Scope;
  readonly model: Uint8Array;
  readonly labels: Record<string, FloatTensor>;
}

const batch = 8;

/** Loss, sum |gradient| of every tensor as `size/PATH`, and next weights as `next/PATH`. */
export function buildTestStep(network: Network, options: Record<string, unknown>, size: number): TestStep {
  const scope = Scope.root('training');
  const outputs = network.build(scope, input('image', inputShape(network, batch, size)), options);
  const { loss, labels } = lossOf(outputs);
  const trained = scope.parameters.filter(({ trainable }) => trainable);
  const gradients = ops.gradientsOf(
    loss,
    trained.map(({ value }) => value),
  );
  const found = gradients.filter((gradient) => gradient !== undefined);
  const square = found.map((g) => ops.reduceSum(ops.square(g))).reduce((sum, term) => ops.add(sum, term));
  // Along the gradient the loss falls by rate |g|² to first order: this rate asks for a fiftieth of it.
  const rate = ops.divide(ops.multiply(loss, scalar(0.02)), square);
  const model = new Map<string, Value>([['loss', loss]]);
  for (const [i, { path, value }] of trained.entries()) {
    const gradient = gradients[i];
    if (gradient === undefined) continue;
    model.set(`size/${path}`, ops.reduceSum(ops.abs(gradient)));
    const next = ops.subtract(value, ops.multiply(gradient, rate));
    model.set(`next/${path}`, scope.constraints.get(path)?.(next) ?? next);
  }
  return { scope, model: emitOnnx({ name: `${network.name}-test-step`, outputs: model }), labels };
}

/** Binary cross entropy of the picture's logits, the map's, or both. Every second picture is manipulated, in its upper third. */
function lossOf({ logits, mapLogits }: NetworkOutputs): { loss: Value; labels: Record<string, FloatTensor> } {
  const terms: Value[] = [];
  const labels: Record<string, FloatTensor> = {};
  const add = (name: string, against: Value, label: (picture: number, i: number) => number) => {
    const [n, classes, ...rest] = fixed(against.type.shape);
    const pixels = sizeOf(rest);
    const logit =
      classes === 1
        ? against
        : ops.subtract(...(ops.split(against, 1, [1, 1]).toReversed() as [Value, Value]));
    const dims = [n, 1, ...rest];
    labels[name] = tensor(
      Float32Array.from({ length: n * pixels }, (_, i) => label(Math.floor(i / pixels), i % pixels)),
      dims,
    );
    const y = input(name, dims);
    terms.push(ops.reduceMean(ops.subtract(ops.softplus(logit), ops.multiply(y, logit))));
  };
  if (logits) add('label', logits, (picture) => picture % 2);
  if (mapLogits) {
    const pixels = sizeOf(fixed(mapLogits.type.shape.slice(1))) / (mapLogits.type.shape[1] as number);
    add('mask', mapLogits, (picture, i) => (picture % 2 === 1 && i < pixels / 3 ? 1 : 0));
  }
  return { loss: terms.reduce((sum, term) => ops.add(sum, term)), labels };
}

/** Loss before and after one step on the same pictures with the same noise, and sum |gradient| by path. */
export async function runTestStep({ scope, model, labels }: TestStep, image: FloatTensor) {
  const random = new Random(5);
  const noise = [...scope.noiseInputs].map(([name, { type }]): [string, Tensor] => {
    const dims = fixed(type.shape);
    return [
      name,
      tensor(
        Float32Array.from({ length: sizeOf(dims) }, () => random.next()),
        dims,
      ),
    ];
  });
  // Running statistics have no place in a training pass, so they are no inputs of the model.
  const weights = quickWeights(scope.parameters.filter(({ trainable }) => trainable));
  const feeds = { image, ...labels, ...Object.fromEntries(noise) };
  const session = await openSession(model);
  const first = await session.run({ ...feeds, ...Object.fromEntries(weights) });
  const next = [...weights.keys()].map((path): [string, Tensor] => [path, first[`next/${path}`]]);
  const second = await session.run({ ...feeds, ...Object.fromEntries(next) }, { fetch: ['loss'] });
  await session.dispose();
  const gradients = Object.entries(first).flatMap(([name, value]): [string, number][] =>
    name.startsWith('size/') ? [[name.slice('size/'.length), floats(value)[0]]] : [],
  );
  return {
    before: floats(first.loss)[0],
    after: floats(second.loss)[0],
    gradients: new Map(gradients),
    next: new Map(next),
  };
}
