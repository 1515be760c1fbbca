/** Seeded damage to documents: words and numbers of JSON and CSV that are not what they should be. */
import type { Random } from '../../src/base/random.ts';

const words = [
  '__proto__',
  'constructor',
  'prototype',
  '../../../../etc/passwd',
  '/etc/passwd',
  '..\\..\\windows\\system.ini',
  'file:///etc/passwd',
  'http://127.0.0.1:9/x',
  '$(touch x)',
  '=cmd|calc',
  '',
  'x'.repeat(100_000),
  '\u0000',
  '\ud800',
];
const numbers = [
  '-1',
  '0',
  '1e999',
  '1e-999',
  '-0',
  '9007199254740993',
  '0.1',
  '1e9',
  'NaN',
  'null',
  '[]',
  '{}',
  'true',
];

/** The same seed damages the same way everywhere. */
export function damagedText(bytes: Uint8Array, random: Random): Uint8Array {
  let text = Buffer.from(bytes).toString('utf8');
  for (let n = random.integer(1, 4); n > 0; n--)
    text = changes[random.integer(0, changes.length - 1)](text, random);
  return Buffer.from(text);
}

const changes: readonly ((text: string, random: Random) => string)[] = [
  (text, random) => replaced(text, /"[^"\n]*"/g, random, () => JSON.stringify(random.pick(words))),
  (text, random) => replaced(text, /(?<=^|,)[^",\n]+(?=,|$)/gm, random, () => random.pick(words)),
  (text, random) => replaced(text, /-?\d+(?:\.\d+)?/g, random, () => random.pick(numbers)),
  (text, random) => {
    const more = `"${random.pick(words.slice(0, 3))}":{"polluted":true,"steps":1,"file":"/etc/passwd"},`;
    return replaced(text, /\{/g, random, () => `{${more}`);
  },
  (text, random) => {
    const lines = text.split('\n');
    const at = random.integer(0, lines.length - 1);
    return [...lines.slice(0, at), lines[random.integer(0, lines.length - 1)], ...lines.slice(at)].join('\n');
  },
  (text, random) => text.slice(0, random.integer(0, text.length)),
];

function replaced(text: string, pattern: RegExp, random: Random, by: () => string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { index, 0: old } = found[random.integer(0, found.length - 1)];
  return text.slice(0, index) + by() + text.slice(index + old.length);
}
