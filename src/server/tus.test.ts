import { expect, test } from 'vitest';
import { parseChecksum, parseMetadata } from './tus.ts';

test('metadata is UTF-8 in base64', () => {
  const name = Buffer.from('人.mp4').toString('base64');
  expect(parseMetadata(`filename ${name}, detector ${btoa('x')},empty`)).toEqual({
    filename: '人.mp4',
    detector: 'x',
    empty: '',
  });
  expect(parseMetadata('')).toEqual({});
  expect(() => parseMetadata('filename a b')).toThrow(/Upload-Metadata/);
  expect(() => parseMetadata('filename <>')).toThrow(/Upload-Metadata/);
});

test('checksums name their algorithm', () => {
  expect(parseChecksum(undefined)).toBeUndefined();
  expect(parseChecksum('sha1 qqo=')).toEqual({ algorithm: 'sha1', digest: Buffer.from([0xaa, 0xaa]) });
  expect(() => parseChecksum('crc32 AAAA')).toThrow(/sha1/);
});
