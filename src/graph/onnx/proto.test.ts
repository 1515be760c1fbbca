import { expect, it } from 'vitest';
import { openSession } from '../../runtime/session.ts';
import { tensor } from '../tensor.ts';
import { decodeModel, encodeModel, type ModelProto } from './proto.ts';

const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** y = LeakyRelu(x + b) * 2: every field that the schema holds is in use somewhere. */
const model: ModelProto = {
  irVersion: 10,
  producerName: 'mesoscope',
  producerVersion: '0',
  graph: {
    name: 'größer',
    node: [
      { opType: 'Add', name: 'add', domain: '', input: ['x', 'b'], output: ['sum'] },
      {
        opType: 'LeakyRelu',
        input: ['sum'],
        output: ['leaky'],
        attribute: [{ name: 'alpha', type: 1, f: 0.25 }],
      },
      {
        opType: 'Constant',
        output: ['two'],
        attribute: [{ name: 'value', type: 4, t: { dataType: 1, floatData: [2] } }],
      },
      { opType: 'Mul', input: ['leaky', 'two'], output: ['product'] },
      {
        opType: 'Transpose',
        input: ['product'],
        output: ['y'],
        attribute: [{ name: 'perm', type: 7, ints: [1, 0] }],
      },
    ],
    initializer: [{ name: 'b', dims: [2], dataType: 1, rawData: floats([1, -1]) }],
    input: [
      {
        name: 'x',
        type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'N' }, { dimValue: 2 }] } } },
      },
    ],
    output: [
      {
        name: 'y',
        type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }, { dimParam: 'N' }] } } },
      },
    ],
  },
  opsetImport: [{ domain: '', version: 21 }],
  metadataProps: [{ key: 'contract', value: '{"name":"Prüfung"}' }],
};

/** Messages are read without a prototype; equality is of what they hold. */
const plain = (value: ModelProto): unknown => JSON.parse(JSON.stringify(value));

it('reads back what it wrote', () => {
  expect(plain(decodeModel(encodeModel(model)))).toEqual(plain(model));
});

it('keeps attributes of every type, negative and large numbers', () => {
  const attribute = [
    { name: 'f', type: 1, f: -0.5 },
    { name: 'i', type: 2, i: -(2 ** 40) },
    { name: 's', type: 3, s: 'half_pixel' },
    { name: 'floats', type: 6, floats: [1.5, -2.25] },
    { name: 'ints', type: 7, ints: [0, -1, Number.MAX_SAFE_INTEGER] },
    { name: 'strings', type: 8, strings: ['a', '', 'ü'] },
  ];
  const one: ModelProto = { irVersion: 10, graph: { node: [{ opType: 'Test', attribute }] } };
  expect(plain(decodeModel(encodeModel(one)))).toEqual(plain(one));
});

it('is loaded and understood by ONNX Runtime', async () => {
  const session = await openSession(encodeModel(model));
  const { y } = await session.run({ x: tensor([1, 2, -3, 0, 5, 1], [3, 2]) });
  expect(y.dims).toEqual([2, 3]);
  // (x + [1, -1]) = [2, 1], [-2, -1], [6, 0]
  expect([...y.data]).toEqual([4, -1, 12, 2, -0.5, 0]);
  await session.dispose();
});

it('refuses bytes that hold no model', () => {
  expect(() => decodeModel(new Uint8Array())).toThrow('the bytes hold no ONNX model');
  expect(() => decodeModel(new TextEncoder().encode('<html>not a model</html>'))).toThrow();
  expect(() => decodeModel(encodeModel(model).subarray(0, 60))).toThrow();
});
