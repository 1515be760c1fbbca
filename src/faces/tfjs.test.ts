import { describe, expect, it } from 'vitest';
import { floats, tensor } from '../graph/tensor.ts';
import { openSession } from '../runtime/session.ts';
import { tfjsToOnnx } from './tfjs.ts';
import { expandHalf, parseTfjs } from './tfjs-model.ts';

interface Node {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, unknown>;
}
type Weights = Record<string, { dims: number[]; data: number[] | Int32Array }>;

const values = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + seed) * 1.5);
const list = (i: number[]) => ({ list: { i: i.map(String) } });
const text = (s: string) => ({ s: btoa(s) });
const sliding = (stride: number, padding: string) => ({
  strides: list([1, stride, stride, 1]),
  padding: text(padding),
  data_format: text('NHWC'),
  dilations: list([1, 1, 1, 1]),
});

/** A model of float32 and int32 weights with an input of [batch, height, width, channels]. */
function model(size: number[], nodes: Node[], weights: Weights) {
  const parts = Object.values(weights).map(({ data }) =>
    data instanceof Int32Array ? data : Float32Array.from(data),
  );
  const bytes = new Uint8Array(Buffer.concat(parts.map((part) => new Uint8Array(part.buffer))));
  const json = {
    modelTopology: {
      node: [
        {
          name: 'in',
          op: 'Placeholder',
          attr: { shape: { shape: { dim: [-1, ...size].map((dim) => ({ size: String(dim) })) } } },
        },
        ...Object.keys(weights).map((name) => ({ name, op: 'Const' })),
        ...nodes,
      ],
    },
    weightsManifest: [
      {
        weights: Object.entries(weights).map(([name, { dims, data }]) => ({
          name,
          shape: dims,
          dtype: data instanceof Int32Array ? 'int32' : 'float32',
        })),
      },
    ],
  };
  return parseTfjs({ name: 'test', json, weights: bytes });
}

/** Runs the last node on NHWC data; four-dimensional results come back as NHWC. */
async function run(size: number[], batch: number, data: number[], nodes: Node[], weights: Weights) {
  const [height, width, channels] = size;
  const bytes = tfjsToOnnx(model(size, nodes, weights), { out: nodes[nodes.length - 1].name });
  const session = await openSession(bytes, { threads: 1 });
  const planes = new Float32Array(data.length);
  for (let n = 0; n < batch; n++)
    for (let p = 0; p < height * width; p++)
      for (let c = 0; c < channels; c++)
        planes[(n * channels + c) * height * width + p] = data[(n * height * width + p) * channels + c];
  const { out } = await session.run({ input: tensor(planes, [batch, channels, height, width]) });
  await session.dispose();
  if (out.dims.length !== 4) return { dims: [...out.dims], data: [...floats(out)] };
  const [n, c, h, w] = out.dims;
  const back = new Array<number>(n * h * w * c);
  for (let b = 0; b < n; b++)
    for (let k = 0; k < c; k++)
      for (let p = 0; p < h * w; p++) back[(b * h * w + p) * c + k] = floats(out)[(b * c + k) * h * w + p];
  return { dims: [n, h, w, c], data: back };
}

/** TensorFlow's definition, in loops: NHWC, kernel HWIO or HWCM. */
function convolve(
  [height, width, channels]: number[],
  data: number[],
  [kh, kw, , filters]: number[],
  kernel: number[],
  stride: number,
  same: boolean,
  depthwise: boolean,
) {
  const outSize = (length: number, k: number) =>
    same ? Math.ceil(length / stride) : Math.floor((length - k) / stride) + 1;
  const before = (length: number, k: number) =>
    same ? Math.floor(Math.max(0, (outSize(length, k) - 1) * stride + k - length) / 2) : 0;
  const [oh, ow] = [outSize(height, kh), outSize(width, kw)];
  const out: number[] = [];
  for (let y = 0; y < oh; y++)
    for (let x = 0; x < ow; x++)
      for (let o = 0; o < (depthwise ? channels * filters : filters); o++) {
        let sum = 0;
        for (let v = 0; v < kh; v++)
          for (let u = 0; u < kw; u++)
            for (let c = 0; c < channels; c++) {
              if (depthwise && Math.floor(o / filters) !== c) continue;
              const [sy, sx] = [y * stride + v - before(height, kh), x * stride + u - before(width, kw)];
              if (sy < 0 || sx < 0 || sy >= height || sx >= width) continue;
              const tap = ((v * kw + u) * channels + c) * filters + (depthwise ? o % filters : o);
              sum += data[(sy * width + sx) * channels + c] * kernel[tap];
            }
        out.push(sum);
      }
  return { dims: [1, oh, ow, depthwise ? channels * filters : filters], data: out };
}

function expectClose(got: { dims: number[]; data: number[] }, want: { dims: number[]; data: number[] }) {
  expect(got.dims).toEqual(want.dims);
  expect(got.data).toHaveLength(want.data.length);
  for (const [i, value] of want.data.entries()) expect(got.data[i]).toBeCloseTo(value, 4);
}

describe('tfjs to ONNX', () => {
  // Even sizes with stride 2 pad the end more than the start; 5x7 tells the axes apart.
  for (const { size, k, stride, padding } of [
    { size: [5, 7, 3], k: [3, 3, 3, 4], stride: 1, padding: 'SAME' },
    { size: [6, 8, 3], k: [5, 3, 3, 4], stride: 2, padding: 'SAME' },
    { size: [6, 9, 2], k: [3, 2, 2, 5], stride: 3, padding: 'VALID' },
  ]) {
    it(`Conv2D ${size} with ${k}, stride ${stride}, ${padding}`, async () => {
      const data = values(size[0] * size[1] * size[2], 1);
      const kernel = values(k[0] * k[1] * k[2] * k[3], 2);
      const nodes = [{ name: 'c', op: 'Conv2D', input: ['in', 'k'], attr: sliding(stride, padding) }];
      const got = await run(size, 1, data, nodes, { k: { dims: k, data: kernel } });
      expectClose(got, convolve(size, data, k, kernel, stride, padding === 'SAME', false));
    });
  }

  it('DepthwiseConv2dNative with two filters a channel', async () => {
    const [size, k] = [
      [6, 6, 3],
      [3, 3, 3, 2],
    ];
    const [data, kernel] = [values(108, 3), values(54, 4)];
    const nodes = [{ name: 'd', op: 'DepthwiseConv2dNative', input: ['in', 'k'], attr: sliding(2, 'SAME') }];
    const got = await run(size, 1, data, nodes, { k: { dims: k, data: kernel } });
    expectClose(got, convolve(size, data, k, kernel, 2, true, true));
  });

  it('_FusedConv2D with bias, then Prelu a channel', async () => {
    const [size, k] = [
      [4, 5, 2],
      [1, 1, 2, 3],
    ];
    const [data, kernel, bias, slope] = [values(40, 5), values(6, 6), [0.1, -0.4, 0.3], [0.25, -0.5, 2]];
    const attr = { ...sliding(1, 'VALID'), fused_ops: { list: { s: [btoa('BiasAdd'), btoa('Prelu')] } } };
    const nodes = [{ name: 'f', op: '_FusedConv2D', input: ['in', 'k', 'b', 'a'], attr }];
    const got = await run(size, 1, data, nodes, {
      k: { dims: k, data: kernel },
      b: { dims: [3], data: bias },
      a: { dims: [1, 1, 3], data: slope },
    });
    const want = convolve(size, data, k, kernel, 1, false, false);
    want.data = want.data.map((value, i) => {
      const sum = value + bias[i % 3];
      return sum < 0 ? sum * slope[i % 3] : sum;
    });
    expectClose(got, want);
  });

  it('Mul, Add and Prelu take one constant a channel, on either side', async () => {
    const data = values(24, 7);
    const [scale, shift, slope] = [
      [2, -1],
      [0.5, 0.25],
      [0.1, 3],
    ];
    const nodes = [
      { name: 'm', op: 'Mul', input: ['scale', 'in'] },
      { name: 's', op: 'AddV2', input: ['m', 'shift'] },
      { name: 'p', op: 'Prelu', input: ['s', 'slope'] },
    ];
    const got = await run([3, 4, 2], 1, data, nodes, {
      scale: { dims: [2], data: scale },
      shift: { dims: [2], data: shift },
      slope: { dims: [1, 1, 2], data: slope },
    });
    const want = data.map((value, i) => {
      const x = value * scale[i % 2] + shift[i % 2];
      return x < 0 ? x * slope[i % 2] : x;
    });
    expectClose(got, { dims: [1, 3, 4, 2], data: want });
  });

  it('Relu, Minimum and Maximum clip', async () => {
    const data = values(12, 8).map((value) => value * 6);
    const nodes = [
      { name: 'low', op: 'Minimum', input: ['in', 'six'] },
      { name: 'clip', op: 'Maximum', input: ['low', 'one'] },
    ];
    const weights = { six: { dims: [], data: [6] }, one: { dims: [], data: [1] } };
    const got = await run([2, 3, 2], 1, data, nodes, weights);
    expectClose(got, { dims: [1, 2, 3, 2], data: data.map((value) => Math.max(1, Math.min(6, value))) });
  });

  it('MaxPool pads the end, Pad adds channels', async () => {
    const data = values(30, 9);
    const attr = { ...sliding(2, 'SAME'), ksize: list([1, 2, 2, 1]) };
    const nodes = [
      { name: 'pool', op: 'MaxPool', input: ['in'], attr },
      { name: 'pad', op: 'Pad', input: ['pool', 'amounts'] },
    ];
    const amounts = { dims: [4, 2], data: Int32Array.from([0, 0, 0, 0, 0, 0, 0, 1]) };
    const got = await run([3, 5, 2], 1, data, nodes, { amounts });
    const want: number[] = [];
    for (let y = 0; y < 2; y++)
      for (let x = 0; x < 3; x++) {
        for (let c = 0; c < 2; c++) {
          let best = Number.NEGATIVE_INFINITY;
          for (let v = 2 * y; v < Math.min(3, 2 * y + 2); v++)
            for (let u = 2 * x; u < Math.min(5, 2 * x + 2); u++)
              best = Math.max(best, data[(v * 5 + u) * 2 + c]);
          want.push(best);
        }
        want.push(0);
      }
    expectClose(got, { dims: [1, 2, 3, 3], data: want });
  });

  it('Reshape keeps the order of NHWC, for any batch; Sigmoid; Identity', async () => {
    const data = values(2 * 2 * 3 * 4, 10);
    const nodes = [
      { name: 'r', op: 'Reshape', input: ['in', 'shape'] },
      { name: 's', op: 'Sigmoid', input: ['r'] },
      { name: 'i', op: 'Identity', input: ['s'] },
    ];
    const shape = { dims: [3], data: Int32Array.from([1, 12, 2]) };
    const got = await run([2, 3, 4], 2, data, nodes, { shape });
    expectClose(got, { dims: [2, 12, 2], data: data.map((value) => 1 / (1 + Math.exp(-value))) });
  });

  it('Mean over height and width', async () => {
    const data = values(12, 11);
    const nodes = [{ name: 'm', op: 'Mean', input: ['in', 'axes'], attr: { keep_dims: { b: false } } }];
    const got = await run([2, 3, 2], 1, data, nodes, { axes: { dims: [2], data: Int32Array.from([1, 2]) } });
    const mean = (c: number) => data.filter((_, i) => i % 2 === c).reduce((a, b) => a + b, 0) / 6;
    expectClose(got, { dims: [1, 2], data: [mean(0), mean(1)] });
  });

  it('names what it does not know', () => {
    const odd = model([2, 2, 1], [{ name: 'x', op: 'FancyOp', input: ['in'] }], {});
    expect(() => tfjsToOnnx(odd, { out: 'x' })).toThrow(/FancyOp/);
    expect(() => parseTfjs({ name: 'bad', json: { nothing: 1 }, weights: new Uint8Array() })).toThrow(
      expect.objectContaining({ code: 'FACE_MODEL_UNSUPPORTED' }),
    );
  });

  it('refuses weights that end early', () => {
    const cut = {
      name: 'cut',
      json: {
        modelTopology: { node: [] },
        weightsManifest: [{ weights: [{ name: 'w', shape: [4], dtype: 'float32' }] }],
      },
      weights: new Uint8Array(8),
    };
    expect(() => parseTfjs(cut)).toThrow(/end inside "w"/);
  });

  it('expands float16 exactly', () => {
    const half = Uint16Array.from([0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555, 0xfc00, 0x0400]);
    expect([...expandHalf(half)]).toEqual(
      [1, -2, 2 ** -24, 65504, 0.333251953125, Number.NEGATIVE_INFINITY, 2 ** -14].map(Math.fround),
    );
  });
});
