import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haveSharedData, shared, skipReason } from '../../../test/shared-data.ts';
import type { SourceItem, SourceSet } from '../source.ts';
import { splitBySource, splitGiven } from '../split.ts';
import { writeDeepfakeBench } from './deepfakebench.ts';
import { openSource } from './index.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mesoscope-layouts-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Readers look at names only: what a video holds is prepare's business. */
function tree(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name, path)), { recursive: true });
    writeFileSync(join(root, name, path), text);
  }
  return join(root, name);
}
const item = (set: SourceSet, id: string): SourceItem => {
  const found = set.items.find((entry) => entry.id === id);
  if (!found) throw new Error(`no ${id} among ${set.items.map((entry) => entry.id).join(', ')}`);
  return found;
};
const reasons = (set: SourceSet) => set.dropped.map(({ file, reason }) => `${file}: ${reason}`);

describe('FaceForensics++', () => {
  const files: Record<string, string> = {
    'splits/train.json': '[["071", "054"]]',
    'splits/val.json': '[["183", "253"]]',
    'splits/test.json': '[["000", "003"]]',
    'manipulated_sequences/Deepfakes/masks/videos/071_054.mp4': '',
    'original_sequences/actors/c23/videos/01__exit_phone_room.mp4': '',
    'manipulated_sequences/DeepFakeDetection/c23/videos/01_02__exit_phone_room__YVGY8LOK.mp4': '',
  };
  for (const id of ['071', '054', '183', '253', '000', '003']) {
    for (const c of ['c23', 'c40']) files[`original_sequences/youtube/${c}/videos/${id}.mp4`] = '';
  }
  for (const method of ['Deepfakes', 'Face2Face', 'FaceSwap', 'NeuralTextures']) {
    for (const pair of ['071_054', '054_071', '183_253']) {
      files[`manipulated_sequences/${method}/c23/videos/${pair}.mp4`] = '';
    }
  }

  test('ids tell methods apart, pairs share people, splits are the authors’', async () => {
    const set = await openSource(tree('ffpp', files));
    expect(set.layout).toBe('ffpp');
    expect(set.items).toHaveLength(12 + 12 + 2);
    const swap = item(set, 'Deepfakes/c23/071_054');
    expect(swap).toMatchObject({
      file: 'manipulated_sequences/Deepfakes/c23/videos/071_054.mp4',
      label: 1,
      method: 'Deepfakes',
      sourceId: '071+054',
      compression: 'c23',
      split: 'train',
      original: 'youtube/c23/071',
      mask: 'manipulated_sequences/Deepfakes/masks/videos/071_054.mp4',
    });
    expect(item(set, 'youtube/c40/003').split).toBe('test');
    expect(new Set(set.items.map(({ videoId }) => videoId)).size).toBe(set.items.length);
    expect(item(set, 'DeepFakeDetection/c23/01_02__exit_phone_room__YVGY8LOK')).toMatchObject({
      sourceId: 'actor-01+actor-02',
      original: 'actors/c23/01__exit_phone_room',
    });
  });

  test('no source is on two sides, by the lists and by our own split', async () => {
    const set = await openSource(tree('ffpp', files), { compression: 'c23' });
    expect(set.items.every(({ compression }) => compression === 'c23')).toBe(true);
    const own = splitBySource(set.items, { seed: 3, shares: { train: 0.5, validation: 0.25, test: 0.25 } });
    for (const split of [own, splitGiven(set.items)]) {
      const sides = [split.train, split.validation, split.test].map(
        (side) => new Set(side.flatMap(({ sourceId }) => sourceId.split('+'))),
      );
      for (const [i, a] of sides.entries()) {
        for (const b of sides.slice(i + 1)) expect([...a].filter((id) => b.has(id))).toEqual([]);
      }
    }
    expect(splitGiven(set.items).train.map(({ id }) => id)).toContain('NeuralTextures/c23/054_071');
    expect(splitGiven(set.items).dropped).toHaveLength(2);
  });

  test('720/140/140 of lists of the published size', async () => {
    const pairs = (from: number, count: number) =>
      JSON.stringify(
        Array.from({ length: count / 2 }, (_, i) =>
          [2 * i + from, 2 * i + from + 1].map((n) => String(n).padStart(3, '0')),
        ),
      );
    const big: Record<string, string> = {
      'splits/train.json': pairs(0, 720),
      'splits/val.json': pairs(720, 140),
      'splits/test.json': pairs(860, 140),
    };
    for (let i = 0; i < 1000; i++)
      big[`original_sequences/youtube/c23/videos/${String(i).padStart(3, '0')}.mp4`] = '';
    const { train, validation, test } = splitGiven((await openSource(tree('ffpp-all', big))).items);
    expect([train.length, validation.length, test.length]).toEqual([720, 140, 140]);
  });

  test('an id in two lists, or a list that is none, is refused by name', async () => {
    const twice = tree('ffpp-twice', { ...files, 'splits/test.json': '[["071", "003"]]' });
    await expect(openSource(twice)).rejects.toThrow(/test\.json.*071 is in train and test/);
    const broken = tree('ffpp-broken', { ...files, 'splits/val.json': '{"a": 1}' });
    await expect(openSource(broken)).rejects.toThrow(/val\.json/);
    await expect(openSource(root, { layout: 'ffpp' })).rejects.toThrow(/no video/);
  });
});

test('Celeb-DF: 1 in the list of testing videos means real', async () => {
  const set = await openSource(
    tree('celeb', {
      'Celeb-real/id0_0000.mp4': '',
      'Celeb-real/id1_0001.mp4': '',
      'YouTube-real/00170.mp4': '',
      'Celeb-synthesis/id0_id1_0000.mp4': '',
      'Celeb-synthesis/id1_id0_0001.mp4': '',
      'List_of_testing_videos.txt':
        '1 YouTube-real/00170.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4\n1 Celeb-synthesis/id1_id0_0001.mp4\n1 Celeb-real/id9_0000.mp4\n',
    }),
  );
  expect(item(set, 'YouTube-real/00170')).toMatchObject({ label: 0, split: 'test' });
  expect(item(set, 'Celeb-synthesis/id0_id1_0000')).toMatchObject({
    label: 1,
    split: 'test',
    sourceId: 'id0+id1',
    original: 'Celeb-real/id0_0000',
  });
  expect(item(set, 'Celeb-real/id1_0001')).toMatchObject({ label: 0, split: 'train', sourceId: 'id1' });
  expect(reasons(set)).toEqual([
    'Celeb-synthesis/id1_id0_0001.mp4: List_of_testing_videos.txt and its folder disagree on its label',
    'Celeb-real/id9_0000.mp4: named in List_of_testing_videos.txt but missing',
  ]);
});

test('DFDC: parts with metadata; what is named and absent, or there and not named, is listed', async () => {
  const set = await openSource(
    tree('dfdc', {
      'dfdc_train_part_0/metadata.json': JSON.stringify({
        'b.mp4': { label: 'REAL', split: 'train' },
        'a.mp4': { label: 'FAKE', split: 'train', original: 'b.mp4' },
        'gone.mp4': { label: 'FAKE', split: 'train', original: 'b.mp4' },
      }),
      'dfdc_train_part_0/a.mp4': '',
      'dfdc_train_part_0/b.mp4': '',
      'dfdc_train_part_0/extra.mp4': '',
      'dfdc_train_part_1/metadata.json': '{"a.mp4": {"label": "MAYBE"}}',
      'dfdc_train_part_1/a.mp4': '',
      'dfdc_train_part_2/metadata.json': '{"a.mp4": {"is_fake": 1}}',
      'dfdc_train_part_2/a.mp4': '',
    }),
    { layout: 'dfdc' },
  );
  expect(set.items.map(({ id }) => id)).toEqual([
    'dfdc_train_part_0/a',
    'dfdc_train_part_0/b',
    'dfdc_train_part_2/a',
  ]);
  expect(set.items[0]).toMatchObject({
    label: 1,
    sourceId: 'dfdc_train_part_0/b',
    original: 'dfdc_train_part_0/b',
  });
  expect(set.items[2].label).toBe(1);
  expect(reasons(set)).toEqual([
    'dfdc_train_part_0/gone.mp4: file missing',
    'dfdc_train_part_0/extra.mp4: not named in metadata.json',
    expect.stringMatching(/^dfdc_train_part_1\/metadata\.json: cannot be read: a\.mp4\.label/),
  ]);
});

describe('DeepfakeBench', () => {
  const base = 'FaceForensics++/manipulated_sequences/Deepfakes/c23';
  const files: Record<string, string> = {};
  for (const name of ['000', '001']) {
    files[`${base}/frames/183_253/${name}.png`] = '';
    files[`${base}/masks/183_253/${name}.png`] = '';
    files[`Celeb-DF-v2/Celeb-real/frames/id0_0000/${name}.png`] = '';
  }
  const frames = (folder: string, pair: string) =>
    ['000', '001'].map((name) => `${folder}/${pair}/${name}.png`);
  const json = JSON.stringify({
    'FaceForensics++': {
      'FF-DF': {
        test: {
          c23: {
            '183_253': {
              label: 'FF-DF',
              frames: frames(`${base}/frames`, '183_253').map((path) => path.replaceAll('/', '\\')),
              masks: frames(`${base}/masks`, '183_253'),
            },
          },
        },
      },
    },
    'Celeb-DF-v2': {
      CelebDFv2_real: {
        train: {
          id0_0000: { label: 'CelebDFv2_real', frames: frames('Celeb-DF-v2/Celeb-real/frames', 'id0_0000') },
        },
      },
    },
  });

  test('with and without compression levels, Windows paths, masks frame by frame', async () => {
    const set = await openSource(join(tree('dfb', { ...files, 'set.json': json }), 'set.json'));
    expect(reasons(set)).toEqual([]);
    expect(item(set, 'FaceForensics++/FF-DF/c23/183_253/1')).toMatchObject({
      file: `${base}/frames/183_253/001.png`,
      mask: `${base}/masks/183_253/001.png`,
      label: 1,
      split: 'test',
      sourceId: '183+253',
      compression: 'c23',
    });
    expect(item(set, 'Celeb-DF-v2/CelebDFv2_real/id0_0000/0')).toMatchObject({ label: 0, split: 'train' });
  });

  test('what is written is read again', async () => {
    const set = await openSource(join(tree('dfb', { ...files, 'set.json': json }), 'set.json'));
    const again = await openSource(
      join(tree('dfb', { 'again.json': writeDeepfakeBench('Ours', set.items) }), 'again.json'),
    );
    const keep = ({ file, label, split, mask }: SourceItem) => ({ file, label, split, mask });
    const byFile = (a: { file: string }, b: { file: string }) => (a.file < b.file ? -1 : 1);
    expect(again.items.map(keep).sort(byFile)).toEqual(set.items.map(keep).sort(byFile));
  });

  test('paths that leave the folder are refused', async () => {
    const bad = JSON.stringify({ S: { F: { train: { a: { label: 'F', frames: ['../../etc/passwd'] } } } } });
    expect(reasons(await openSource(join(tree('dfb', { 'bad.json': bad }), 'bad.json')))).toEqual([
      '../../etc/passwd: it leads out of the data folder',
    ]);
  });
});

describe('folders', () => {
  test('real/ and fake/: the same name is a pair, folders inside are people', async () => {
    const set = await openSource(
      tree('folder', {
        'real/a.mp4': '',
        'fake/a.mp4': '',
        'real/anna/1.mp4': '',
        'real/anna/2.jpg': '',
        'fake/notes.txt': '',
      }),
    );
    expect(item(set, 'fake/a.mp4')).toMatchObject({ label: 1, sourceId: 'a', original: 'real/a.mp4' });
    expect(item(set, 'real/anna/1.mp4').sourceId).toBe('anna');
    expect(item(set, 'real/anna/2.jpg').sourceId).toBe('anna');
    expect(set.items).toHaveLength(4);
  });

  test('own footage needs no folders, only its label', async () => {
    const path = tree('mine', { 'one.mp4': '', 'two.mov': '' });
    await expect(openSource(path)).rejects.toThrow(/no folder real or fake, and no --label/);
    expect((await openSource(path, { label: 0 })).items.map(({ id, label }) => [id, label])).toEqual([
      ['one.mp4', 0],
      ['two.mov', 0],
    ]);
  });
});

describe('CSV files', () => {
  test('two items of one id, a label that is none, an absent file: each named, the rest read', async () => {
    const text =
      'file,label,id\na.jpg,real,a\nb.jpg,perhaps,\ngone.jpg,fake,\na.jpg,fake,a\nc.jpg,fake,a\n../up.jpg,fake,\n';
    const set = await openSource(join(tree('csv', { 'set.csv': text, 'a.jpg': '', 'b.jpg': '' }), 'set.csv'));
    expect(set.items.map(({ id }) => id)).toEqual(['a']);
    expect(reasons(set)).toEqual([
      'b.jpg: line 3: label "perhaps" is none of real, fake',
      'gone.jpg: file missing',
      'a.jpg: listed twice',
      'c.jpg: its id is already that of a.jpg',
      '../up.jpg: line 7: it leads out of the data folder',
    ]);
  });

  test.skipIf(!haveSharedData)(`the development clips${skipReason}`, async () => {
    const set = await openSource(shared('dev/videos.csv'));
    expect(set.items).toHaveLength(40);
    expect(item(set, 'videos/ffpp-c40-FaceSwap-183_253')).toMatchObject({
      original: 'videos/ffpp-c40-183',
      sourceId: 'videos/ffpp-c40-183',
    });
  });

  test.skipIf(!haveSharedData)(`landmarks of YouTube Faces${skipReason}`, async () => {
    const set = await openSource(shared('train/ytfaces/frames.csv'), { label: 0 });
    // 770 names come twice, with other landmarks: the picture is used once, and theirs are not.
    expect([set.items.length, set.dropped.length]).toEqual([3462, 770]);
    expect(set.items.filter(({ points }) => points === undefined).length).toBe(768);
    expect(set.items[0]).toMatchObject({ sourceId: 'Luis_Fonsi' });
    expect(set.items[0].points?.slice(0, 4)).toEqual([45, 98, 47, 106]);
  });
});

describe('CSV files', () => {
  test('one with a manifest’s columns is a manifest, whatever its name', async () => {
    const folder = tree('part', {
      'faces/a.png': '',
      'part.csv': 'id,file,label,videoId,sourceId\na,faces/a.png,manipulated,v,s+t\n',
    });
    const set = await openSource(join(folder, 'part.csv'));
    expect(set.layout).toBe('manifest');
    expect(item(set, 'a')).toMatchObject({ label: 1, videoId: 'v', sourceId: 's+t' });
  });

  test('a path through a file that is no folder names nothing, and is listed', async () => {
    const folder = tree('archive', {
      'shard.tar': 'not looked into',
      'b.png': '',
      'list.csv': 'file,label\nshard.tar/a.png,real\nb.png,real\n',
    });
    const set = await openSource(join(folder, 'list.csv'));
    expect(set.items.map(({ file }) => file)).toEqual(['b.png']);
    expect(reasons(set)).toEqual(['shard.tar/a.png: file missing']);
  });
});
