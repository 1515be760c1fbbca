/** VGG16's first convolutions (Simonyan & Zisserman 2015), as far as "Zooming into Face Forensics" uses them. */
import type { Value } from '../graph/node.ts';
import type { Scope } from '../graph/scope.ts';
import * as ops from '../ops/index.ts';
import { convolution } from './_blocks.ts';
import type { TorchNames } from './network.ts';
import { torchTensor } from './weights/torch-names.ts';

/** Layer, filters, number in torchvision's `features`. A 2x2 maximum pooling precedes conv2_1 and conv3_1. */
const layers = [
  { name: 'conv1_1', filters: 64, number: 0 },
  { name: 'conv1_2', filters: 64, number: 2 },
  { name: 'conv2_1', filters: 128, number: 5 },
  { name: 'conv2_2', filters: 128, number: 7 },
  { name: 'conv3_1', filters: 256, number: 10 },
  { name: 'conv3_2', filters: 256, number: 12 },
  { name: 'conv3_3', filters: 256, number: 14 },
] as const;

/** The first `depth` 3x3 convolutions with ReLU and the poolings between them: [N, 3, H, W] to [N, C, h, w]. */
export function vggTrunk(scope: Scope, image: Value, depth: 2 | 4 | 7): Value {
  return scope.layer('trunk', (inner) =>
    layers.slice(0, depth).reduce((x, { name, filters }) => {
      const pooled = name === 'conv2_1' || name === 'conv3_1' ? ops.maxPool2d(x, { kernel: 2 }) : x;
      return ops.relu(convolution(inner, name, pooled, { filters, kernel: 3, padding: 1, start: 'he' }));
    }, image),
  );
}

export const vggTorch: TorchNames = {
  library: 'torchvision vgg16',
  name(path) {
    const [trunk, layer, tensor] = path.split('/');
    const found = trunk === 'trunk' && layers.find(({ name }) => name === layer);
    return found ? `features.${found.number}.${torchTensor(tensor)}` : undefined;
  },
  // The deeper convolutions count as replaced too: the network ends before them.
  classifier: ['features', 'classifier'],
};
