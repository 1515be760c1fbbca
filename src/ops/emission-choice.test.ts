import { expect, it } from 'vitest';
import { attributesOf, outputDims, shapes } from './cases/convolutions.ts';
import { type GradientShape, turnsKernel, usesBlocks, weightGradientChoice } from './emission-choice.ts';

/** A square convolution with 'same' padding. */
function square(
  batch: number,
  channels: number,
  filters: number,
  size: number,
  kernel: number,
  stride = 1,
): GradientShape {
  const output = Math.ceil(size / stride);
  return {
    batch,
    channels,
    filters,
    kernel: [kernel, kernel],
    stride: [stride, stride],
    dilation: [1, 1],
    output: [output, output],
  };
}

// What bench/ops.ts found fastest; a change of the cost model that turns one of these over wants a new measurement.
it.each([
  ['Meso-4, block 2', square(16, 8, 8, 128, 5), 'split', false],
  ['Meso-4, block 4', square(16, 16, 16, 32, 5), 'split', false],
  ['MesoInception-4, 1x1', square(16, 3, 4, 256, 1), 'none', false],
  ['VGG, block 1', square(8, 3, 64, 128, 3), 'whole', false],
  ['VGG, block 2', square(8, 64, 64, 128, 3), 'split', false],
  ['FN3, block 2', square(16, 64, 64, 64, 7, 2), 'split', false],
  ['ResNet-18, layer 2, first', square(8, 64, 128, 56, 3, 2), 'whole', false],
  ['ResNet-18, layer 4', square(8, 512, 512, 7, 3), 'whole', true],
  ['DenseNet-121, growth', square(4, 128, 32, 28, 3), 'split', false],
  ['Xception, pointwise', square(4, 728, 728, 19, 1), 'none', true],
] as const)('%s: its kernel gradient', (_, shape, unfold, merge) => {
  expect(weightGradientChoice(shape, shape.kernel[0] > 1)).toEqual({ unfold, merge });
});

it('never merges a single picture', () => {
  expect(weightGradientChoice(square(1, 512, 512, 7, 3), true).merge).toBe(false);
});

it('does not leave out padding of a kernel of one pixel', () => {
  expect(weightGradientChoice(square(4, 8, 8, 16, 1), true).unfold).toBe('whole');
});

it('turns the kernel unless it outweighs the pictures', () => {
  expect(turnsKernel(square(8, 256, 256, 14, 3))).toBe(true);
  expect(turnsKernel(square(8, 512, 512, 7, 3))).toBe(false);
  expect(turnsKernel(square(8, 64, 128, 56, 3, 2))).toBe(false);
});

it('blocks channels where there are enough of them', () => {
  expect(usesBlocks(square(8, 64, 64, 56, 3), 1, 16)).toBe(true);
  expect(usesBlocks(square(16, 3, 64, 128, 7, 2), 1, 16)).toBe(true);
  expect(usesBlocks(square(16, 3, 8, 256, 3), 1, 16)).toBe(false);
  expect(usesBlocks(square(8, 512, 512, 7, 3), 1, 16)).toBe(false);
  expect(usesBlocks(square(8, 256, 128, 28, 1), 1, 16)).toBe(false);
  expect(usesBlocks(square(4, 1, 1, 19, 3), 728, 16)).toBe(true);
  // ONNX Runtime reorders channels in fours.
  expect(usesBlocks(square(8, 64, 30, 56, 3), 1, 16)).toBe(false);
});

it('is exercised in every way by the conformance cases', () => {
  const ways = new Set<string>();
  for (const { x, w, options } of shapes) {
    const { groups, stride, dilation, pads } = attributesOf(x, w, options);
    const [batch, , rows, columns] = outputDims(x, w, attributesOf(x, w, options));
    const kernel = [w[2], w[3]] as const;
    const [channels, filters, output] = [w[1], w[0] / groups, [rows, columns] as const];
    const shape = { batch, channels, filters, kernel, stride, dilation, output };
    const { unfold, merge } = weightGradientChoice(
      shape,
      pads.some((p) => p > 0),
    );
    ways.add(`${unfold}${merge ? ' merged' : ''}`);
    ways.add(usesBlocks(shape, groups, 16) ? 'blocked' : 'plain');
    ways.add(turnsKernel(shape) ? 'turned' : 'transposed');
  }
  const all = ['none', 'none merged', 'whole', 'whole merged', 'split', 'split merged'];
  expect([...ways].sort()).toEqual([...all, 'blocked', 'plain', 'turned', 'transposed'].sort());
});
