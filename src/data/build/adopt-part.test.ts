import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { moveKey, sampleKey } from '../prepare/sample-key.ts';
import { adoptPart, PartInvalidError, partRecordSchema } from './adopt-part.ts';
import { type PartRecord, partTar, type Sample, writePart } from './part.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-part-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sample = (clip: number, frame: string): Sample => ({
  key: sampleKey(clip, frame, '1'),
  item: { id: `v/${frame}-1`, label: 0, method: 'original', videoId: 'v', sourceId: 's' },
  image: { extension: 'jpg', bytes: Buffer.from(`picture ${frame}`.repeat(frame.length * 90)) },
  mask: frame === '7' ? Buffer.from('mask') : undefined,
  more: { frame },
});
const unit = (first: number) => ({
  samples: [sample(first, '7'), sample(first + 1, '12')],
  dropped: [{ id: 'v', reason: 'no face found' }],
  failures: [],
  counts: { clips: 2 },
});

let record: PartRecord;
const tar = () => partTar(root, 0);
beforeAll(async () => {
  record = await writePart(root, 0, unit(0));
});

test('a part of another machine is, under its new numbers, what this one would have written', async () => {
  const own = await writePart(root, 5, unit(40));
  const bytes = readFileSync(partTar(root, 5));
  const json = readFileSync(join(root, '000005.json'), 'utf8');
  const adopted = await adoptPart(root, 5, tar(), record, (key) => moveKey(key, 40));
  expect(adopted).toEqual(own);
  expect(readFileSync(partTar(root, 5)).equals(bytes)).toBe(true);
  expect(readFileSync(join(root, '000005.json'), 'utf8')).toBe(json);
});

test('an archive that is not what its record lists is refused', async () => {
  const adopt = (changed: Partial<PartRecord>, path = tar()) =>
    adoptPart(root, 6, path, { ...record, ...changed }, (key) => key);
  await expect(adopt({ bytes: record.bytes + 512 })).rejects.toThrow(PartInvalidError);
  await expect(adopt({ samples: record.samples.slice(1) })).rejects.toThrow('other files than it lists');
  const masked = record.samples.map((it) => ({ ...it, mask: true }));
  await expect(adopt({ samples: masked })).rejects.toThrow('other files than it lists');
  const cut = join(root, 'cut.tar');
  writeFileSync(cut, readFileSync(tar()).subarray(0, 700));
  await expect(adopt({ bytes: 700 }, cut)).rejects.toThrow(PartInvalidError);
});

test('names that would leave the shard, and labels that are none, pass no check', () => {
  expect(partRecordSchema.safeParse(JSON.parse(JSON.stringify(record))).success).toBe(true);
  const [first] = record.samples;
  for (const changed of [{ key: '../x' }, { key: 'a/b' }, { item: { ...first.item, label: 2 } }]) {
    const wrong = { ...record, samples: [{ ...first, ...changed }] };
    expect(partRecordSchema.safeParse(wrong).success).toBe(false);
  }
  expect(() => moveKey('c1-f2', 1)).toThrow(PartInvalidError);
});
