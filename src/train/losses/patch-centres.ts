/** Which pixel of the picture a pixel of the map stands for: receptive-field arithmetic on the graph itself. */
import { type Node, topological, type Value } from '../../graph/node.ts';
import type { ConvolutionAttributes, Pair } from '../../ops/convolution-shape.ts';
import type { PoolAttributes } from '../../ops/max-pool2d.ts';

export interface PatchCentres {
  /** Pixels of the picture between neighbouring pixels of the map. */
  stride: Pair;
  /** Centre of the map's first patch, in whole pixels of the picture. */
  first: Pair;
  /** Side of the patch that a map's pixel sees. */
  field: Pair;
}

/** Per axis: distance between neighbours, the first one's centre, and the field, all in the picture's pixels. */
interface Grid {
  stride: number[];
  centre: number[];
  field: number[];
  /** What was resized on the way: its pixels are no patches. */
  resized?: Node;
}

/**
 * Follows convolutions and poolings from the picture to the map (004, IV-C: "from d_rf / 2 at stride s").
 * Where ways meet, the widest field is kept; they must agree on the stride. A way that was resized brings context to one
 * that was not, and leaves the patches of the other as they are.
 * @throws Error where the map changes size in another way than by windows.
 */
export function patchCentres(map: Value, image: Value): PatchCentres {
  const grids = new Map<Value, Grid>([[image, { stride: [1, 1], centre: [0, 0], field: [1, 1] }]]);
  for (const node of topological([map])) {
    const all = node.inputs.map((value) => grids.get(value)).filter((grid) => grid !== undefined);
    const whole = all.filter(({ resized }) => resized === undefined);
    const from = whole.length > 0 ? whole : all;
    if (from.length === 0) continue;
    const widest = from.reduce((a, b) => (b.field[0] > a.field[0] ? b : a));
    if (from.some((grid) => grid.stride.join() !== widest.stride.join())) {
      throw new Error(`ways of different stride meet at ${node.op.name} in layer ${node.path}`);
    }
    const [output] = node.outputs;
    // Whatever leaves the plane of pixels (statistics, a classifier's head) leads to no map.
    if (output.type.shape.length === 4) grids.set(output, through(node, widest));
  }
  const grid = grids.get(map);
  if (grid === undefined) throw new Error('the map does not depend on the picture');
  if (grid.resized) {
    const { op, path } = grid.resized;
    throw new Error(`${op.name} in layer ${path} moves pixels; the map has no patch centres`);
  }
  return {
    stride: grid.stride as unknown as Pair,
    // A patch of an even side has its centre between pixels; 004 rounds d_rf / 2 down.
    first: grid.centre.map(Math.floor) as unknown as Pair,
    field: grid.field as unknown as Pair,
  };
}

function through(node: Node, grid: Grid): Grid {
  const window = windowOf(node);
  if (window === undefined) {
    const [before, after] = [node.inputs[0].type.shape, node.outputs[0].type.shape];
    if (before.slice(2).join() !== after.slice(2).join()) {
      return { ...grid, resized: node };
    }
    return grid;
  }
  const { kernel, stride, dilation, pads } = window;
  const reach = [0, 1].map((axis) => dilation[axis] * (kernel[axis] - 1));
  return {
    ...grid,
    stride: grid.stride.map((s, axis) => s * stride[axis]),
    centre: grid.centre.map((c, axis) => c + (reach[axis] / 2 - pads[axis]) * grid.stride[axis]),
    field: grid.field.map((f, axis) => f + reach[axis] * grid.stride[axis]),
  };
}

function windowOf(node: Node): PoolAttributes | undefined {
  if (node.op.name === 'conv2d') {
    const [height, width] = node.inputs[1].type.shape.slice(2) as number[];
    return { ...(node.attributes as ConvolutionAttributes), kernel: [height, width] };
  }
  return node.op.name.endsWith('Pool2d') ? (node.attributes as PoolAttributes) : undefined;
}
