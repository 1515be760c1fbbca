/** Clips that lie elsewhere, read by ranges: the same frames as from a file, in this thread and in another. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { makeClip, numberOf, temporaryFolder } from '../../test/media-fixtures.ts';
import { encodePng } from './image.ts';
import { openClip } from './open.ts';
import { ClipThread } from './thread.ts';
import type { ByteSource, ClipReader } from './types.ts';

const made = temporaryFolder();

function sourceOf(bytes: Uint8Array, failAfter = Number.POSITIVE_INFINITY) {
  const state = { reads: 0, largest: 0 };
  const source: ByteSource = {
    size: bytes.length,
    read: async (at, length) => {
      state.largest = Math.max(state.largest, length);
      if (++state.reads > failAfter) throw new Error('the line was cut');
      return bytes.slice(at, at + length);
    },
  };
  return { source, state };
}

async function numbers(reader: ClipReader): Promise<number[]> {
  const found: number[] = [];
  for await (const frame of reader.frames({ kind: 'even', count: 7 })) found.push(numberOf(frame));
  return found;
}

describe.each(['mp4', 'mkv', 'avi'])('a clip in %s', (kind) => {
  test('gives what its file gives', async () => {
    const path = await makeClip(made(`clip.${kind}`), 60);
    const { source, state } = sourceOf(await readFile(path));
    const [here, there] = [await openClip(path), await openClip('elsewhere', { source })];
    expect({ ...there.info, path }).toEqual(here.info);
    expect(await there.scan()).toEqual(await here.scan());
    expect(await numbers(there)).toEqual(await numbers(here));
    expect(state.reads).toBeGreaterThan(0);
    expect(state.largest).toBeLessThanOrEqual(2 ** 18);
    await here.close();
    await there.close();
  });
});

test('through the decoding thread too', async () => {
  const path = await makeClip(made('thread.mp4'), 40);
  const { source } = sourceOf(await readFile(path));
  const file = await openClip(path);
  const thread = new ClipThread();
  const reader = await thread.open('elsewhere', { source });
  expect(await numbers(reader)).toEqual(await numbers(file));
  await file.close();
  await reader.close();
  await expect(thread.open('elsewhere', { source: sourceOf(new Uint8Array(10), 0).source })).rejects.toThrow(
    'the line was cut',
  );
  await thread.close();
});

test('a picture is read whole', async () => {
  const png = await encodePng({ width: 4, height: 2, data: new Uint8Array(24).fill(9) });
  const reader = await openClip('elsewhere.png', { source: sourceOf(png).source });
  expect(reader.info).toMatchObject({ kind: 'image', width: 4, height: 2, bytes: png.length });
  for await (const { data } of reader.frames({ kind: 'even', count: 1 })) expect(data[0]).toBe(9);
  await reader.close();
});

test('a line that breaks is told as that, and an empty file as that', async () => {
  const bytes = await readFile(await makeClip(made('cut.mp4'), 60));
  const { source } = sourceOf(bytes, 1);
  await expect(openClip('elsewhere', { source })).rejects.toThrow('the line was cut');
  await expect(openClip('elsewhere', { source: sourceOf(new Uint8Array()).source })).rejects.toMatchObject({
    code: 'CLIP_EMPTY',
  });
});
