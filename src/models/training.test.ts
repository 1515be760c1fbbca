/** Every network learns, for every task that it has: the part of the conformance suite that takes longest. */
import { describe, expect, it } from 'vitest';
import { networkCases } from './cases/networks.ts';
import { forge, pictures } from './cases/pictures.ts';
import { buildTestStep, runTestStep } from './cases/step.ts';
import { networks } from './index.ts';
import { optionsFor } from './network.ts';

describe.each(
  networks.flatMap((network) => network.tasks.map((task) => ({ network, task, name: network.name }))),
)('$name as $task', ({ network, task, name }) => {
  it('gives every tensor a gradient, and a step lowers the loss on 8 pictures', async () => {
    const { size, extra } = networkCases[name];
    const step = buildTestStep(network, optionsFor(network, task, extra), size);
    const { before, after, gradients } = await runTestStep(step, forge(pictures(network, 8, size, 2)));
    const still = [...gradients].filter(([, length]) => !(length > 1e-8)).map(([path]) => path);
    expect(still, 'tensors without a gradient').toEqual([]);
    expect(gradients.size).toBe(step.scope.parameters.filter(({ trainable }) => trainable).length);
    expect(after).toBeLessThan(before);
  });
});
