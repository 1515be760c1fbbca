import { describe, expect, it } from 'vitest';
import { int64, type Tensor, tensor } from '../../graph/tensor.ts';
import { decodeSafeTensors, encodeSafeTensors } from './safetensors.ts';

/** A file from a header and a body, with any header length claimed. */
function file(header: unknown, body: number[] = [], claimed?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + body.length);
  new DataView(out.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  out.set(json, 8);
  out.set(body, 8 + json.length);
  return out;
}

const read = (bytes: Uint8Array) => decodeSafeTensors(bytes, 'x.safetensors');
const f32 = (shape: number[], from: number, to: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [from, to],
});

describe('safetensors', () => {
  it('reads the bytes that the specification gives', () => {
    // One F32 [2] of 1.5 and -2, by hand.
    const { tensors, metadata } = read(
      file({ __metadata__: { by: 'hand' }, 'a.b': f32([2], 0, 8) }, [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]),
    );
    expect(metadata).toEqual({ by: 'hand' });
    expect(tensors.get('a.b')).toEqual(tensor([1.5, -2], [2]));
  });

  it('gives back what was written, in every type', () => {
    const values = new Map<string, Tensor>([
      ['odd', { dtype: 'uint8', dims: [3], data: Uint8Array.of(1, 2, 255) }],
      ['weight', tensor([1, Number.MIN_VALUE, -0, 3e38], [2, 2])],
      ['big', int64([2 ** 40, -1])],
      ['none', tensor([], [0, 4])],
      ['scalar', tensor([7], [])],
      ['ints', { dtype: 'int32', dims: [1], data: Int32Array.of(-5) }],
      ['flags', { dtype: 'bool', dims: [2], data: Uint8Array.of(1, 0) }],
      ['__proto__', tensor([9], [1])],
    ]);
    const bytes = encodeSafeTensors(values, { step: '12' });
    const { tensors, metadata } = read(bytes);
    expect(metadata).toEqual({ step: '12' });
    expect(new Map([...tensors].sort())).toEqual(new Map([...values].sort()));
    // The body is aligned, as the reference implementation's readers expect.
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it.each([
    ['no header', new Uint8Array(5), /5 bytes are no safetensors/],
    ['a header longer than the file', file({}, [], 1000n), /header claims 1000 bytes/],
    ['a header beyond any memory', file({}, [], 2n ** 63n), /header claims 9223372036854775808/],
    ['a header that is no JSON', file('{"a":'), /header is unreadable/],
    ['a header that is a list', file('[]'), /header is unreadable/],
    ['an unknown type', file({ a: { dtype: 'F7', shape: [], data_offsets: [0, 0] } }), /tensor a: dtype/],
    ['an unknown key', file({ a: { ...f32([], 0, 4), more: 1 } }, [0, 0, 0, 0]), /tensor a/],
    ['a negative size', file({ a: f32([-1], 0, 4) }, [0, 0, 0, 0]), /tensor a: shape/],
    ['a size that overflows', file({ a: f32([2 ** 31, 2 ** 31], 0, 4) }, [0, 0, 0, 0]), /does not fill/],
    ['offsets outside the file', file({ a: f32([2], 0, 8) }, [0, 0, 0, 0]), /lies at 0 to 8 of 4 bytes/],
    ['offsets that run backwards', file({ a: f32([1], 4, 0) }, [0, 0, 0, 0]), /lies at 4 to 0/],
    ['a shape that does not fit', file({ a: f32([2], 0, 4) }, [0, 0, 0, 0]), /does not fill 4 bytes/],
    [
      'tensors that overlap',
      file({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, [0, 0, 0, 0]),
      /tensor b begins at 0 where 4 is due/,
    ],
    ['a hole', file({ a: f32([1], 4, 8) }, [0, 0, 0, 0, 0, 0, 0, 0]), /begins at 4 where 0 is due/],
    ['bytes that belong to nothing', file({ a: f32([1], 0, 4) }, [0, 0, 0, 0, 1]), /1 bytes at its end/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({ code: 'WEIGHTS_INVALID', message: expect.stringMatching(message) }),
    );
  });
});
