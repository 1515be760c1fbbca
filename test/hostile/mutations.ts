/** Seeded damage to files: the same seed damages the same way everywhere. */
import type { Random } from '../../src/base/random.ts';

/** Makes another file of the bytes, which it leaves as they are; `other` is a second file to take parts from. */
export type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const place = (bytes: Uint8Array, random: Random) => random.integer(0, Math.max(0, bytes.length - 1));

/** Where headers are: the first KiB, or anywhere. Damage there goes deepest. */
const head = (bytes: Uint8Array, random: Random) =>
  random.uniform(0, 1) < 0.7 ? random.integer(0, Math.min(1023, bytes.length - 1)) : place(bytes, random);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Places of 32-bit numbers that look like sizes, counts or times: after the four letters of a box or chunk. */
function numbers(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 4; at + 24 <= bytes.length && found.length < 4096; at++) {
    const letters = bytes
      .subarray(at, at + 4)
      .every((byte) => (byte > 0x60 && byte < 0x7b) || (byte > 0x40 && byte < 0x5b));
    if (letters) for (const after of [-4, 4, 8, 12, 16, 20]) found.push(at + after);
  }
  return found.filter((at) => at >= 0 && at + 4 <= bytes.length);
}

export const mutations: Readonly<Record<string, Mutation>> = {
  'bit flips': (bytes, random) => {
    const out = Uint8Array.from(bytes);
    for (let i = random.integer(1, 64); i > 0; i--) out[head(out, random)] ^= 1 << random.integer(0, 7);
    return out;
  },
  'bytes overwritten': (bytes, random) => {
    const out = Uint8Array.from(bytes);
    const at = head(out, random);
    out.fill([0, 0xff, 0x7f, 0x80][random.integer(0, 3)], at, at + random.integer(1, 256));
    return out;
  },
  truncated: (bytes, random) => bytes.slice(0, place(bytes, random)),
  'a hole': (bytes, random) => {
    const at = place(bytes, random);
    return joined(bytes.subarray(0, at), bytes.subarray(at + random.integer(1, 4096)));
  },
  'bytes put in': (bytes, random) => {
    const at = head(bytes, random);
    const more = Uint8Array.from({ length: random.integer(1, 512) }, () => random.integer(0, 255));
    return joined(bytes.subarray(0, at), more, bytes.subarray(at));
  },
  'a part twice': (bytes, random) => {
    const at = place(bytes, random);
    const part = bytes.subarray(at, at + random.integer(8, 8192));
    return joined(bytes.subarray(0, at), part, part, bytes.subarray(at + part.length));
  },
  'header of another file': (bytes, random, other) => {
    const length = random.integer(4, 2048);
    return joined(other.subarray(0, length), bytes.subarray(length));
  },
  'another file behind': (bytes, random, other) => joined(bytes, other.subarray(place(other, random))),
  'extreme numbers': (bytes, random) => {
    const out = Uint8Array.from(bytes);
    const view = new DataView(out.buffer);
    const places = numbers(out);
    if (places.length === 0) return out;
    for (let i = random.integer(1, 6); i > 0; i--) {
      const value = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0][random.integer(0, 5)];
      view.setUint32(places[random.integer(0, places.length - 1)], value, random.uniform(0, 1) < 0.3);
    }
    return out;
  },
};

export const mutationNames = Object.keys(mutations);

/** The `n`th damaged file of a seed. */
export function mutated(
  corpus: readonly { name: string; bytes: Uint8Array }[],
  random: Random,
): { name: string; bytes: Uint8Array } {
  const { name, bytes } = corpus[random.integer(0, corpus.length - 1)];
  const other = corpus[random.integer(0, corpus.length - 1)].bytes;
  const mutation = mutationNames[random.integer(0, mutationNames.length - 1)];
  return { name: `${mutation} in ${name}`, bytes: mutations[mutation](bytes, random, other) };
}
