import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/media-fixtures.ts';
import { bucketName, startBucket, type TestBucket } from '../../../test/s3.ts';
import { openBucket } from './bucket-store.ts';
import type { StoredFile } from './store.ts';

const made = temporaryFolder();
let bucket: TestBucket;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.close());

const store = (environment = bucket.environment) => openBucket(`s3://${bucketName}/sub`, environment);

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('what is put is there, under the prefix, in whole and in ranges', async () => {
  await store().put('media/a', Buffer.from('0123456789'));
  expect([...bucket.objects.keys()]).toEqual(['sub/media/a']);
  expect((await store().get('media/a'))?.toString()).toBe('0123456789');
  const file = (await store().open('media/a')) as StoredFile;
  expect(file.size).toBe(10);
  expect((await file.read(2, 3)).toString()).toBe('234');
  expect((await file.read(8, 100)).toString()).toBe('89');
  expect(await file.read(10, 5)).toHaveLength(0);
  expect((await collect(file.stream(3, 9))).toString()).toBe('3456789');
});

test('what is absent is no error, and can be removed', async () => {
  expect(await store().get('media/none')).toBeUndefined();
  expect(await store().open('media/none')).toBeUndefined();
  await store().remove('media/none');
});

test('a large file goes in parts, and is gone here once it is there', async () => {
  const bytes = randomBytes(21 * 2 ** 20);
  await writeFile(made('large'), bytes);
  await store().adopt(made('large'), 'media/large');
  expect(bucket.objects.get('sub/media/large')?.equals(bytes)).toBe(true);
  expect(bucket.requests.filter(({ method }) => method === 'PUT').length).toBeGreaterThan(1);
  expect(existsSync(made('large'))).toBe(false);
});

test('folders are adopted, copied and removed with all that is in them', async () => {
  await mkdir(made('out'));
  for (let n = 0; n < 12; n++) await writeFile(made(`out/crop-${n}.jpg`), `picture ${n}`);
  await store().adoptFolder(made('out'), 'clips/a/1');
  await store().put('clips/ab/1/other', Buffer.from('stays'));
  await store().copyFolder('clips/a/1', 'clips/b/2');
  expect((await store().get('clips/b/2/crop-11.jpg'))?.toString()).toBe('picture 11');
  await store().remove('clips/a');
  expect([...bucket.objects.keys()].filter((key) => key.startsWith('sub/clips/a/'))).toEqual([]);
  expect([...bucket.objects.keys()]).toHaveLength(13);
  await expect(store().copyFolder('clips/a/1', 'clips/c/1')).rejects.toThrow('nothing lies below');
});

test('a file that changes between two ranges is not pieced together', async () => {
  await store().put('media/a', Buffer.from('first version'));
  const file = (await store().open('media/a')) as StoredFile;
  await store().put('media/a', Buffer.from('other version'));
  await expect(file.read(0, 5)).rejects.toMatchObject({ code: 'STORE_CHANGED' });
});

test('a connection that breaks is tried again; one that stays broken is told, without the keys', async () => {
  await store().put('media/a', Buffer.from('x'));
  bucket.cut(2);
  expect((await store().get('media/a'))?.toString()).toBe('x');
  bucket.cut(100);
  const error = await store()
    .get('media/a')
    .catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'STORE_UNREACHABLE' });
  expect(String(error)).not.toContain(bucket.environment.AWS_SECRET_ACCESS_KEY);
});

test('wrong keys are told at once', async () => {
  const wrong = { ...bucket.environment, AWS_SECRET_ACCESS_KEY: 'guessed' };
  await expect(store(wrong).get('media/a')).rejects.toMatchObject({
    code: 'STORE_UNREACHABLE',
    message: expect.stringContaining('SignatureDoesNotMatch'),
  });
  expect(bucket.requests).toHaveLength(1);
});

test.each([
  ['s3://', {}],
  ['s3://UPPER/x', {}],
  ['s3://a/../b?x', {}],
  ['s3://clips/x', { AWS_SECRET_ACCESS_KEY: '' }],
  ['s3://clips/x', { AWS_ENDPOINT_URL_S3: 'no address' }],
])('%s with %o is refused before anything is asked', (name, change) => {
  expect(() => openBucket(name, { ...bucket.environment, ...change })).toThrow(
    expect.objectContaining({ code: 'STORE_INVALID' }),
  );
});
