import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { makeClip, temporaryFolder } from '../../../test/media-fixtures.ts';
import { mediaTypeOf } from './media-type.ts';

const made = temporaryFolder();

test('files are known by their bytes, whatever their name', async () => {
  expect(await mediaTypeOf(await makeClip(made('a.mp4'), 2))).toBe('video/mp4');
  const picture = made('b.mp4');
  await writeFile(picture, Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
  expect(await mediaTypeOf(picture)).toBe('image/jpeg');
  // A page that calls itself a video must never be shown as a page.
  const page = made('c.mp4');
  await writeFile(page, '<!doctype html><script>alert(1)</script>');
  expect(await mediaTypeOf(page)).toBe('application/octet-stream');
  await writeFile(page, '');
  expect(await mediaTypeOf(page)).toBe('application/octet-stream');
});
