import { expect, it } from 'vitest';
import { constant, input } from '../graph/leaves.ts';
import { sizeOf, tensor } from '../graph/tensor.ts';
import * as ops from '../ops/index.ts';
import { multiplyAdds } from './cost.ts';

const zeros = (...dims: number[]) => constant(tensor(new Float32Array(sizeOf(dims)), dims));

it('counts by hand', () => {
  const x = input('x', [1, 4, 8, 8]);
  // 6 filters of 4 x 3 x 3 on 4 x 4 places.
  const strided = ops.conv2d(x, zeros(6, 4, 3, 3), { stride: 2, padding: 1 });
  expect(multiplyAdds([strided])).toBe(6 * 36 * 16);
  // Depthwise: each of 4 channels by itself.
  expect(multiplyAdds([ops.conv2d(x, zeros(4, 1, 3, 3), { padding: 1, groups: 4 })])).toBe(4 * 9 * 64);
  // Every input spreads over 5 x 2 x 2 outputs.
  expect(multiplyAdds([ops.convTranspose2d(x, zeros(4, 5, 2, 2), { stride: 2 })])).toBe(4 * 64 * 20);
  const rows = ops.reshape(strided, [1, 96]);
  expect(multiplyAdds([ops.dense(rows, zeros(7, 96))])).toBe(6 * 36 * 16 + 7 * 96);
  // What two outputs share is counted once.
  expect(multiplyAdds([ops.relu(strided), ops.matMul(rows, zeros(96, 2))])).toBe(6 * 36 * 16 + 192);
});
