import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tensor } from '../../graph/tensor.ts';
import { decodeTorchWeights, readTorchWeights } from './torch.ts';

/** Written by PyTorch: bench/reference/torch_networks.py. */
const small = fileURLToPath(new URL('../cases/small.pth', import.meta.url));

it('reads every kind of tensor that PyTorch 1.13 wrote', async () => {
  const tensors = await readTorchWeights(small);
  expect(Object.fromEntries(tensors)).toEqual({
    weight: tensor([1], [1]),
    bias: tensor([0], [1]),
    running_mean: tensor([0], [1]),
    running_var: tensor([1], [1]),
    num_batches_tracked: tensor([0], []),
    'module.plain': tensor([0, 1, 2, 3, 4, 5], [2, 3]),
    transposed: tensor([0, 3, 1, 4, 2, 5], [3, 2]),
    view: tensor([3, 4, 5], [1, 3]),
    half: tensor([1.5, -65504, 2 ** -24, Number.POSITIVE_INFINITY], [4]),
    brain: tensor([1, -3.5], [2]),
    double: tensor([0.1], [1]),
    long: tensor([7], []),
    bool: tensor([1, 0], [2]),
    parameter: tensor([2], [1, 1]),
    empty: tensor([], [0, 4]),
  });
});

/** A zip archive of stored entries, as PyTorch writes it. */
function zip(entries: Record<string, Uint8Array>, method = 0): Uint8Array {
  const encoder = new TextEncoder();
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, data] of Object.entries(entries)) {
    const head = Buffer.alloc(30 + name.length);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(name.length, 26);
    head.set(encoder.encode(name), 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(data.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    entry.set(encoder.encode(name), 46);
    local.push(head, Buffer.from(data));
    directory.push(entry);
    at += head.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, ...directory, end]);
}

const latin = (text: string) => Buffer.from(text, 'latin1');
const pickled = (body: string) =>
  zip({ 'a/data.pkl': latin(`\x80\x02${body}.`), 'a/data/0': new Uint8Array(8) });
const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
const storage = (key: string, count: number) =>
  `(${text('storage')}ctorch\nFloatStorage\n${text(key)}${text('cpu')}K${String.fromCharCode(count)}tQ`;
const rebuilt = (key: string, count: number, offset: number, size: number, stride: number) =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${storage(key, count)}K${String.fromCharCode(offset)}` +
  `K${String.fromCharCode(size)}\x85K${String.fromCharCode(stride)}\x85\x89N` +
  'tR';
const dictionary = (value: string) => `}${text('w')}${value}s`;

describe('a file made by hand', () => {
  it('is read', () => {
    const read = decodeTorchWeights(pickled(dictionary(rebuilt('0', 2, 0, 2, 1))), 'x.pth');
    expect(read.get('w')).toEqual(tensor([0, 0], [2]));
  });

  it.each([
    ['code to run', 'cos\nsystem\n(X\x04\0\0\0truetR', /asks for os\.system/],
    ['builtins', 'c__builtin__\neval\n(X\x01\0\0\x001tR', /asks for __builtin__\.eval/],
    ['a name of JavaScript objects', 'cconstructor\nconstructor\n)R', /asks for constructor\.constructor/],
    ['an inherited name of storages', 'ctorch\ntoString\n)R', /asks for torch\.toString/],
    ['a call of a storage', 'ctorch\nFloatStorage\n)R', /calls what cannot be called/],
    ['instances', '(cos\nsystem\no', /asks for os\.system/],
    ['an unknown operation', 'i', /operation 105/],
    ['a newer protocol', '\x80\x05N', /protocol 5/],
    ['an empty stack', 's', /stack is empty/],
    ['a mark that is missing', 't', /no mark/],
    ['a memory never stored', 'h\x07', /recalls 7/],
    ['text that ends early', 'X\xff\xff\xff\x7fa', /cut off/],
    ['a dictionary that is none', `]${text('w')}Ns`, /no dictionary/],
    ['no dictionary', 'N', /holds no dictionary/],
    ['an entry that is no tensor', dictionary('K\x01'), /entry w is no tensor/],
    ['a missing storage', dictionary(rebuilt('7', 2, 0, 2, 1)), /storage 7 is missing/],
    ['a storage of another size', dictionary(rebuilt('0', 3, 0, 2, 1)), /not of 3 elements/],
    ['a tensor beyond its storage', dictionary(rebuilt('0', 2, 1, 2, 1)), /lies outside its storage/],
    ['a stride beyond its storage', dictionary(rebuilt('0', 2, 0, 2, 2)), /lies outside its storage/],
    ['a stride of 0 that claims memory', dictionary(rebuilt('0', 2, 0, 200, 0)), /lies outside its storage/],
    ['a tensor of nothing', dictionary('ctorch._utils\n_rebuild_tensor_v2\n)R'), /no storage/],
  ])('is refused: %s', (_, body, message) => refused(pickled(body), message));

  it.each([
    ['no zip', latin('\x80\x02}.'), /no zip archive/],
    ['a directory that is cut off', pickled('}').subarray(40), /directory/],
    ['a compressed entry', zip({ 'a/data.pkl': latin('x') }, 8), /compressed/],
    ['another archive', zip({ 'a.txt': latin('x') }), /no data\.pkl/],
    ['big-endian', zip({ 'a/data.pkl': latin('N.'), 'a/byteorder': latin('big') }), /big-endian/],
  ])('is refused: %s', (_, bytes, message) => refused(bytes, message));

  it('is refused at any place where it may be cut', () => {
    const whole = readFileSync(small);
    for (let length = 0; length < whole.length; length += 97) {
      expect(() => decodeTorchWeights(whole.subarray(0, length), 'x.pth')).toThrow(
        expect.objectContaining({ code: 'WEIGHTS_INVALID' }),
      );
    }
  });
});

function refused(bytes: Uint8Array, message: RegExp): void {
  expect(() => decodeTorchWeights(bytes, 'x.pth')).toThrow(
    expect.objectContaining({ code: 'WEIGHTS_INVALID', message: expect.stringMatching(message) }),
  );
}
