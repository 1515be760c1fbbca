import { writeFile } from 'node:fs/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { makeClip, temporaryFolder } from '../../test/media-fixtures.ts';
import { sha256 } from '../base/hash.ts';
import { startWorker } from '../base/worker.ts';
import { openClip } from './open.ts';
import { parseSampling } from './sampling.ts';
import { ClipThread } from './thread.ts';
import type { ClipReader } from './types.ts';

const file = temporaryFolder();
const thread = new ClipThread();
afterAll(() => thread.close());

async function read(reader: ClipReader, sampling: string) {
  const frames: string[] = [];
  for await (const { data, ...rest } of reader.frames(parseSampling(sampling))) {
    frames.push(`${JSON.stringify(rest)} ${sha256(data)}`);
  }
  return frames;
}

describe('clips read in a thread', () => {
  it('give the same info, scan, frames and counts', async () => {
    const path = file('plain.mp4');
    await makeClip(path, 40);
    const here = await openClip(path);
    const there = await thread.open(path);
    expect(there.info).toEqual(here.info);
    expect(await there.scan()).toEqual(await here.scan());
    for (const sampling of ['even:7', 'every:1', 'keyframes']) {
      expect(await read(there, sampling)).toEqual(await read(here, sampling));
    }
    expect(there.dropped).toEqual(here.dropped);
    expect(there.work).toEqual(here.work);
    await Promise.all([here.close(), there.close()]);
  });

  it('two at once do not mix', async () => {
    const [a, b] = [file('a.mp4'), file('b.mp4')];
    await makeClip(a, 12);
    await makeClip(b, 25);
    const [first, second] = await Promise.all([thread.open(a), thread.open(b)]);
    const [one, two] = await Promise.all([read(first, 'every:1'), read(second, 'every:1')]);
    expect([one.length, two.length]).toEqual([12, 25]);
    // Each frame carries its number: a mixed-up one would come twice.
    expect(new Set(two).size).toBe(25);
    await Promise.all([first.close(), second.close()]);
  });

  it('errors keep their codes', async () => {
    await expect(thread.open(file('nowhere.mp4'))).rejects.toMatchObject({ code: 'CLIP_MISSING' });
    await writeFile(file('empty.mp4'), '');
    await expect(thread.open(file('empty.mp4'))).rejects.toMatchObject({ code: 'CLIP_EMPTY' });
  });

  it('an abort ends the drawing with its reason, and the thread goes on', async () => {
    const path = file('abort.mp4');
    await makeClip(path, 40);
    const reader = await thread.open(path);
    const abort = new AbortController();
    const seen: number[] = [];
    await expect(async () => {
      for await (const { index } of reader.frames(parseSampling('every:1'), { signal: abort.signal })) {
        seen.push(index);
        if (index === 3) abort.abort(new Error('enough'));
      }
    }).rejects.toThrow('enough');
    expect(seen).toEqual([0, 1, 2, 3]);
    expect((await read(reader, 'every:10')).length).toBe(4);
    await reader.close();
  });

  it('a thread that ends tells those who wait, and starts again for the next clip', async () => {
    const path = file('ends.mp4');
    await makeClip(path, 8);
    const workers: Worker[] = [];
    const fragile = new ClipThread(() => {
      workers.push(startWorker('media/worker.ts'));
      return workers[workers.length - 1];
    });
    const reader = await fragile.open(path);
    const scan = reader.scan();
    const told = expect(scan).rejects.toThrow('the decoding thread ended');
    await workers[0].terminate();
    await told;
    const again = await fragile.open(path);
    expect((await read(again, 'every:1')).length).toBe(8);
    expect(workers).toHaveLength(2);
    await fragile.close();
    await expect(fragile.open(path)).rejects.toThrow('closed');
  });
});
