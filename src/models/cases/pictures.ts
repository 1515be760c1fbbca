/** Pictures for the networks' tests. */
import { Random } from '../../base/random.ts';
import { type FloatTensor, fixed, sizeOf, tensor } from '../../graph/tensor.ts';
import { inputShape, type Network } from '../network.ts';

/** Uniform noise in -1…1, in the network's input shape. */
export function pictures(network: Network, batch: number, size: number, seed: number): FloatTensor {
  const dims = fixed(inputShape(network, batch, size));
  const random = new Random(seed, network.name);
  return tensor(
    Float32Array.from({ length: sizeOf(dims) }, () => random.uniform(-1, 1)),
    dims,
  );
}

/** Every second picture gets a bright, flat upper third: something to learn. */
export function forge(images: FloatTensor): FloatTensor {
  const picture = images.data.length / images.dims[0];
  const plane = images.dims.slice(-2).reduce((a, b) => a * b);
  const forged = (i: number) => Math.floor(i / picture) % 2 === 1 && i % plane < plane / 3;
  return tensor(
    images.data.map((value, i) => (forged(i) ? 0.7 + 0.2 * value : value)),
    images.dims,
  );
}
