import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinSets, namesOfSets } from './join.ts';
import { readManifest } from './manifest.ts';
import type { SourceItem, SourceSet } from './source.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-join-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function set(name: string, items: Partial<SourceItem>[]): SourceSet {
  const folder = join(root, name);
  mkdirSync(join(folder, 'faces'), { recursive: true });
  const full = items.map((item, i): SourceItem => {
    const file = `faces/${i}.jpg`;
    writeFileSync(join(folder, file), `${name} ${i}`);
    return { id: `${i}`, file, label: 0, method: 'original', videoId: 'v', sourceId: 'anna', ...item };
  });
  return {
    folder,
    layout: 'manifest',
    items: full,
    dropped: [{ id: 'gone', file: 'gone.jpg', reason: 'file missing' }],
  };
}

describe('joined sets', () => {
  it('keep their items, told apart by their set, and their files as links', async () => {
    const a = set('a', [{}, { label: 1, method: 'swap', sourceId: 'anna+bert', original: '0' }]);
    const b = set('b', [{}]);
    const out = join(root, 'out');
    const report = await joinSets(
      new Map([
        ['a', a],
        ['b', b],
      ]),
      out,
    );
    expect(report.sets).toEqual([
      { name: 'a', real: 1, manipulated: 1 },
      { name: 'b', real: 1, manipulated: 0 },
    ]);
    expect(report.dropped.map(({ id }) => id)).toEqual(['a/gone', 'b/gone']);
    const { items } = await readManifest(report.manifest);
    expect(
      items.map(({ id, videoId, sourceId, original, label }) => [id, videoId, sourceId, original, label]),
    ).toEqual([
      ['a/0', 'a/v', 'a/anna', undefined, 0],
      ['a/1', 'a/v', 'a/anna+a/bert', 'a/0', 1],
      ['b/0', 'b/v', 'b/anna', undefined, 0],
    ]);
    expect(items.map(({ file }) => readFileSync(join(out, file), 'utf8'))).toEqual(['a 0', 'a 1', 'b 0']);
    expect(statSync(join(out, items[0].file)).ino).toBe(statSync(join(root, 'a/faces/0.jpg')).ino);
  });

  it('shards are linked once and read through', async () => {
    const shards = set('shards', []);
    writeFileSync(join(shards.folder, 'one.tar'), 'not looked at here');
    const item = { label: 0, method: 'original', videoId: 'v', sourceId: 's' } as const;
    shards.items.push({ ...item, id: '1', file: 'one.tar/1.jpg', landmarks: 'one.tar/1.json' });
    const out = join(root, 'sharded');
    await joinSets(new Map([['shards', shards]]), out);
    expect(readFileSync(join(out, 'shards/one.tar'), 'utf8')).toBe('not looked at here');
    expect(readFileSync(join(out, 'manifest.csv'), 'utf8')).toContain('shards/one.tar/1.jpg');
  });

  it('get sides where they name none, pairs on one side, and keep those that they name', async () => {
    const pairs = Array.from({ length: 20 }, (_, i): Partial<SourceItem> => {
      return { label: (i % 2) as 0 | 1, videoId: `v${i}`, sourceId: `person ${Math.floor(i / 2)}` };
    });
    const split = { seed: 1, shares: { train: 0.5, validation: 0.2, test: 0.2 } };
    const made = set('made', [{ split: 'train', sourceId: 'person 0' }, { sourceId: 'person 1' }]);
    const sets = new Map([
      ['pairs', set('pairs', pairs)],
      ['made', made],
    ]);
    const { manifest } = await joinSets(sets, join(root, 'sided'), { split });
    const { items } = await readManifest(manifest);
    const sides = items.map((item) => item.split);
    expect(sides.slice(-2)).toEqual(['train', undefined]);
    const count = (side: string | undefined) => sides.slice(0, 20).filter((name) => name === side).length;
    expect(['train', 'validation', 'test', undefined].map(count)).toEqual([10, 4, 4, 2]);
    for (let i = 0; i < 20; i += 2) expect(sides[i]).toBe(sides[i + 1]);
  });

  it('a second time changes nothing; two sets of one name are refused', async () => {
    const a = set('again', [{}]);
    const out = join(root, 'twice');
    await joinSets(new Map([['again', a]]), out);
    const first = readFileSync(join(out, 'manifest.csv'), 'utf8');
    await joinSets(new Map([['again', a]]), out);
    expect(readFileSync(join(out, 'manifest.csv'), 'utf8')).toBe(first);
    expect(namesOfSets(['x/faces', 'y/list.csv'])).toEqual(['faces', 'y']);
    expect(() => namesOfSets(['x/faces', 'y/faces'])).toThrow('called "faces"');
  });
});
