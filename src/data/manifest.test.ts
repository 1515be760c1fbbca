import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveSharedData, shared, skipReason } from '../../test/shared-data.ts';
import { UserError } from '../base/errors.ts';
import { readFacesCsv } from './layouts/faces-csv.ts';
import { countDropped, readManifest, staysInside } from './manifest.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesoscope-manifest-'));
  mkdirSync(join(folder, 'faces'));
  for (const name of ['a.jpg', 'b.jpg', 'b-mask.png']) writeFileSync(join(folder, 'faces', name), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(...lines: string[]): string {
  const path = join(folder, 'items.csv');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function refusal(reading: Promise<unknown>): Promise<UserError> {
  const thrown = await reading.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(UserError);
  return thrown as UserError;
}

const header = 'id,file,label,method,videoId,sourceId,mask,width';

describe('manifest', () => {
  it('reads items, with what is optional left undefined', async () => {
    const path = write(
      `\uFEFF${header}`,
      '1,faces/a.jpg,real,,v1,"s,1",,',
      '2,faces/b.jpg,fake,deepfakes,v2,s1+s2,faces/b-mask.png,224',
    );
    const manifest = await readManifest(path);
    expect(manifest.folder).toBe(folder);
    expect(manifest.items).toEqual([
      { id: '1', file: 'faces/a.jpg', label: 0, method: 'original', videoId: 'v1', sourceId: 's,1' },
      {
        id: '2',
        file: 'faces/b.jpg',
        label: 1,
        method: 'deepfakes',
        videoId: 'v2',
        sourceId: 's1+s2',
        mask: 'faces/b-mask.png',
        width: 224,
      },
    ]);
  });

  it('lists missing files and masks as dropped', async () => {
    const manifest = await readManifest(
      write(
        header,
        '1,faces/a.jpg,real,,v1,s1,,',
        '2,faces/gone.jpg,fake,x,v2,s1,,',
        '3,faces/b.jpg,fake,x,v3,s1,faces/gone.png,',
      ),
    );
    expect(manifest.items.map(({ id }) => id)).toEqual(['1']);
    expect(manifest.dropped).toEqual([
      { id: '2', file: 'faces/gone.jpg', reason: 'file missing' },
      { id: '3', file: 'faces/b.jpg', reason: 'mask missing' },
    ]);
    expect(countDropped([...manifest.dropped, manifest.dropped[0]])).toEqual([
      { reason: 'file missing', count: 2 },
      { reason: 'mask missing', count: 1 },
    ]);
  });

  it.each([
    ['a missing label', '1,faces/a.jpg,,,v1,s1,,', ['line 2', 'column "label"', 'it is missing']],
    ['an unknown label', '1,faces/a.jpg,maybe,,v1,s1,,', ['column "label"', '"maybe"']],
    ['a width that is no number', '1,faces/a.jpg,real,,v1,s1,,wide', ['column "width"', '"wide"']],
    [
      'a path that climbs out',
      '1,faces/../../etc/passwd,real,,v1,s1,,',
      ['column "file"', 'out of the data folder'],
    ],
    ['an absolute mask', '1,faces/a.jpg,real,,v1,s1,/etc/passwd,', ['column "mask"', '/etc/passwd']],
    ['too few cells', '1,faces/a.jpg', ['line 2']],
  ])('refuses %s, naming the place', async (_, line, parts) => {
    const error = await refusal(readManifest(write(header, line)));
    expect(error.code).toBe('MANIFEST_INVALID');
    for (const part of ['items.csv', ...parts]) expect(error.message).toContain(part);
  });

  it('refuses an id twice, an unknown column, a missing column, nothing at all', async () => {
    const twice = await refusal(
      readManifest(write(header, '1,faces/a.jpg,real,,v,s,,', '1,faces/b.jpg,real,,v,s,,')),
    );
    expect(twice.message).toContain('line 3, column "id": "1" is refused (it is already on line 2)');
    expect((await refusal(readManifest(write(`${header},colour`)))).message).toContain('"colour"');
    const lacking = await refusal(readManifest(write('id,file,label', '1,faces/a.jpg,real')));
    expect(lacking.message).toContain('column "videoId"');
    expect((await refusal(readManifest(write(header)))).code).toBe('DATA_EMPTY');
    const gone = await refusal(readManifest(write(header, '1,faces/x.jpg,real,,v,s,,')));
    expect(gone.message).toContain('file missing: 1');
    expect((await refusal(readManifest(join(folder, 'none.csv')))).code).toBe('MANIFEST_MISSING');
  });

  it('knows which paths stay inside', () => {
    const inside = ['a', 'a/../b', './a', '..a/b', 'a/..b'];
    const outside = ['..', '../a', 'a/../../b', '/a', 'a\0b'];
    expect(inside.filter(staysInside)).toEqual(inside);
    expect(outside.filter(staysInside)).toEqual([]);
  });
});

describe('faces.csv', () => {
  it('takes the video from the file and the source from the scene', async () => {
    const path = write(
      'file,label,scene,native_width_px',
      'faces/a.jpg,real,s,267',
      'faces/b.jpg,fake,s,267',
    );
    expect((await readFacesCsv(path)).items).toEqual([
      {
        id: 'a',
        file: 'faces/a.jpg',
        label: 0,
        method: 'original',
        videoId: 'a',
        sourceId: 's',
        nativeWidth: 267,
      },
      {
        id: 'b',
        file: 'faces/b.jpg',
        label: 1,
        method: 'dfdc',
        videoId: 'b',
        sourceId: 's',
        nativeWidth: 267,
      },
    ]);
  });

  it.skipIf(!haveSharedData)(`reads the DFDC pairs${skipReason}`, async () => {
    const { items, dropped } = await readFacesCsv(shared('train/dfdc-pairs/faces.csv'));
    expect([items.length, dropped.length]).toEqual([12_000, 0]);
    expect(items.filter(({ label }) => label === 1)).toHaveLength(6_000);
    expect(new Set(items.map(({ sourceId }) => sourceId)).size).toBe(6_000);
  });
});
