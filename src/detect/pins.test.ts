import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultDetector, detectorByHash, detectorHash, detectorPath } from './bundled.ts';
import { loadDetector } from './detector.ts';
import { readPins } from './pins.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-pins-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function list(text: string): Promise<string> {
  const path = join(folder, 'pins.txt');
  await writeFile(path, text);
  return path;
}

const hash = 'a1'.repeat(32);

describe('a list of allowed detectors', () => {
  test('is read as sha256sum prints it', async () => {
    const path = await list(
      `# ours\n\n${hash}  some name.onnx\r\n${'B2'.repeat(32)} *binary.onnx\n${'c3'.repeat(32)}\n`,
    );
    const { hashes, source } = await readPins(path);
    expect([...hashes]).toEqual([hash, 'b2'.repeat(32), 'c3'.repeat(32)]);
    expect(source).toBe(path);
  });

  test.each([
    ['a line that is no hash', `${hash}  a.onnx\nnot a hash\n`, 'line 2'],
    ['a hash that is too long', `${hash}0  a.onnx\n`, 'line 1'],
    ['a hash that is too short', `${hash.slice(1)}  a.onnx\n`, 'line 1'],
    ['nothing at all', '# nobody\n', 'it allows none'],
  ])('is refused for %s: a list that is half understood could allow too much', async (_, text, words) => {
    await expect(readPins(await list(text))).rejects.toMatchObject({
      code: 'PINS_INVALID',
      fact: expect.stringContaining(words),
    });
  });

  test('that is not there is no empty list', async () => {
    await expect(readPins(join(folder, 'none.txt'))).rejects.toMatchObject({ code: 'PINS_INVALID' });
  });
});

test('a detector is found by its hash, and only loaded where it is allowed', async () => {
  const own = await detectorHash(defaultDetector);
  expect(await detectorByHash(own)).toBe(defaultDetector);
  await expect(detectorByHash(hash)).rejects.toMatchObject({
    code: 'DETECTOR_HASH_UNKNOWN',
    fact: expect.stringContaining(hash),
  });
  const allowed = { hashes: new Set([own]), source: 'pins.txt' };
  await (await loadDetector(detectorPath(), { threads: 1 }, allowed)).close();
  await expect(
    loadDetector(detectorPath(), { threads: 1 }, { hashes: new Set([hash]), source: 'pins.txt' }),
  ).rejects.toMatchObject({
    code: 'DETECTOR_NOT_PINNED',
    fact: expect.stringMatching(new RegExp(`${defaultDetector}.*${own}.*pins\\.txt`)),
  });
});

test('a file that is not allowed is not parsed: what it says of itself does not matter', async () => {
  const path = join(folder, 'garbage.onnx');
  await writeFile(path, 'no model at all');
  await expect(loadDetector(path, {}, { hashes: new Set([hash]), source: 'x' })).rejects.toMatchObject({
    code: 'DETECTOR_NOT_PINNED',
  });
});
