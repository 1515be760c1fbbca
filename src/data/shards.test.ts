import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/media-fixtures.ts';
import { applyExclusions, formatExclusions, readExclusions } from './exclusions.ts';
import { formatManifest, type Item, readManifest } from './manifest.ts';
import { readThrough } from './shards.ts';
import { readTarIndex, tarEnd, writeTarBody } from './tar.ts';

const file = temporaryFolder();
const long = `${'folder/'.repeat(20)}picture.jpg`;
const entries = [
  { name: 'a.jpg', bytes: new Uint8Array(700).fill(1) },
  { name: long, bytes: new Uint8Array(512).fill(2) },
  { name: 'b.mask.png', bytes: new Uint8Array(0) },
  { name: 'c.json', bytes: Buffer.from('{"x":1}') },
];

async function shard(name: string): Promise<string> {
  const path = file(name);
  await writeTarBody(path, entries);
  appendFileSync(path, tarEnd);
  return path;
}

describe('shards', () => {
  test('files are found by offset, whatever their names and sizes', async () => {
    const path = await shard('set.tar');
    expect(readTarIndex(path)).toMatchObject({ fault: undefined });
    for (const { name, bytes } of entries) {
      expect(Buffer.from((await readThrough(`${path}/${name}`)) as Uint8Array)).toEqual(Buffer.from(bytes));
    }
    expect(await readThrough('/data/picture.jpg')).toBe('/data/picture.jpg');
    await expect(readThrough(`${path}/gone.jpg`)).rejects.toThrow(/holds no gone\.jpg/);
    await expect(readThrough(`${file('none.tar')}/a.jpg`)).rejects.toThrow(/ENOENT/);
  });

  test('another reader of tar files sees the same, and two bodies joined are one archive', async () => {
    const [path, joined] = [file('one.tar'), file('joined.tar')];
    await writeTarBody(path, entries);
    await writeTarBody(joined, [{ name: 'z.jpg', bytes: new Uint8Array(3) }]);
    writeFileSync(joined, Buffer.concat([readFileSync(joined), readFileSync(path), tarEnd]));
    const names: string[] = [];
    const reader = extract();
    reader.end(readFileSync(joined));
    for await (const entry of reader) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(['z.jpg', ...entries.map(({ name }) => name)]);
    expect([...readTarIndex(joined).files.keys()]).toEqual(names);
  });

  test('a shard cut anywhere gives the files that are whole, and says what is wrong', async () => {
    const path = await shard('cut.tar');
    const whole = readTarIndex(path);
    for (let bytes = readFileSync(path).length - 1024; bytes > 0; bytes -= 300) {
      truncateSync(path, bytes);
      const { files, fault } = readTarIndex(path);
      expect(fault).toMatch(/cut off/);
      for (const [name, { offset, size }] of whole.files) {
        const end = offset + Math.ceil(size / 512) * 512;
        expect(files.has(name)).toBe(end <= bytes);
      }
      const there = files.has('c.json');
      const read = readThrough(`${path}/c.json`);
      if (there) await read;
      else await expect(read).rejects.toThrow(/cut off/);
    }
    writeFileSync(path, Buffer.alloc(2048, 7));
    expect(readTarIndex(path).fault).toBe('no tar header at byte 0');
  });
});

const item = (id: string, more: Partial<Item> = {}): Item => ({
  id,
  file: `${id.replaceAll('/', '-')}.jpg`,
  label: 0,
  method: 'original',
  videoId: 'v, "x"',
  sourceId: 's',
  ...more,
});

test.each(['csv', 'parquet'] as const)('a manifest in %s is read as it was written', async (format) => {
  const items = [
    item('a', { split: 'test', nativeWidth: 120, compression: 'c23' }),
    item('b\nc', { label: 1, method: 'Deepfakes', original: 'a', mask: 'a.jpg', licence: 'CC BY, "4.0"' }),
  ];
  for (const { file: name } of items) writeFileSync(file(name), '');
  const path = file(`manifest.${format}`);
  writeFileSync(path, formatManifest(items, format));
  const strip = (list: readonly Item[]) => list.map((entry) => JSON.parse(JSON.stringify(entry)));
  expect(strip((await readManifest(path)).items)).toEqual(strip(items));
});

test('exclusions name items, or everything under an id', async () => {
  const path = file('exclude.json');
  writeFileSync(
    path,
    formatExclusions(
      new Map([
        ['a/1', 'wrong face'],
        ['b', 'bad alignment'],
      ]),
    ),
  );
  const list = await readExclusions(path);
  const { items, dropped } = applyExclusions([item('a/1'), item('a/10'), item('b/1/2'), item('bc')], list);
  expect(items.map(({ id }) => id)).toEqual(['a/10', 'bc']);
  expect(dropped.map(({ reason }) => reason)).toEqual(['wrong face', 'bad alignment']);
  writeFileSync(path, '{"items": []}');
  await expect(readExclusions(path)).rejects.toMatchObject({ code: 'LIST_INVALID' });
});
