/** A server's folder as a file and back: whole, or not at all. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { belongs } from '../../src/server/backup/manifest.ts';
import { restoreBackup } from '../../src/server/backup/restore.ts';
import { writeBackup } from '../../src/server/backup/write.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { testServers } from '../server.ts';

const { start, folder } = testServers();
const made = temporaryFolder();

interface Entry {
  name: string;
  bytes: Buffer;
}

async function whole(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function entriesOf(archive: string): Promise<Entry[]> {
  const entries = extract();
  entries.end(await readFile(archive));
  const found: Entry[] = [];
  for await (const entry of entries) {
    found.push({ name: entry.header.name, bytes: await whole(entry) });
  }
  return found;
}

async function archiveOf(path: string, entries: readonly (Entry & { linkname?: string })[]): Promise<string> {
  const archive = pack();
  for (const { name, bytes, linkname } of entries) {
    if (linkname === undefined) archive.entry({ name }, bytes);
    else archive.entry({ name, type: 'symlink', linkname });
  }
  archive.finalize();
  await writeFile(path, await whole(archive));
  return path;
}

describe('a backup', () => {
  test('restored elsewhere is the same server', async () => {
    const first = await start();
    const bytes = readFileSync(await makeClip(made('clip.mp4'), 10));
    const sent = await first.client.upload(new Blob([bytes]), { name: 'clip.mp4', sample: 'even:2' });
    const clip = await first.client.finished(sent.id);
    const archive = made('backup.tar');
    // A server that runs holds the folder.
    await expect(writeBackup(first.config.data, archive)).rejects.toMatchObject({ code: 'DATA_FOLDER_BUSY' });
    expect(existsSync(archive)).toBe(false);
    await first.stop();
    const { files, database } = await writeBackup(first.config.data, archive);
    expect(database).toBe('embedded');
    expect(files.map(({ path }) => path.split('/')[0])).toEqual(
      expect.arrayContaining(['media', 'database']),
    );

    const again = join(await folder(), 'again');
    expect(await restoreBackup(archive, again)).toMatchObject({ clips: 1, migrations: [] });
    await expect(restoreBackup(archive, again)).rejects.toMatchObject({ code: 'DATA_FOLDER_FULL' });
    const second = await start({ data: again });
    const found = await second.client.finished(clip.id);
    expect(found).toEqual(clip);
    expect(
      Buffer.from(await (await fetch(`${second.url}/api/clips/${clip.id}/media`)).arrayBuffer()),
    ).toEqual(bytes);
  });

  test('that is damaged in any way leaves nothing', async () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const small = await folder();
    await mkdir(join(small, 'media'));
    await writeFile(join(small, 'media', id), Buffer.alloc(1000, 7));
    await writeFile(join(small, 'secret.key'), 'not of the data folder: left out');
    const archive = made('small.tar');
    const { files, database } = await writeBackup(small, archive);
    expect(database).toBe('server');
    expect(files.map(({ path }) => path)).toEqual([`media/${id}`]);
    expect(await restoreBackup(archive, join(await folder(), 'good'))).toMatchObject({ clips: undefined });

    const entries = await entriesOf(archive);
    const bad = async (why: RegExp, change: (list: Entry[]) => (Entry & { linkname?: string })[]) => {
      const target = join(await folder(), 'bad');
      const path = await archiveOf(made('bad.tar'), change(entries.map((entry) => ({ ...entry }))));
      await expect(restoreBackup(path, target)).rejects.toMatchObject({
        code: 'BACKUP_INVALID',
        message: expect.stringMatching(why),
      });
      expect(existsSync(target)).toBe(false);
      expect(existsSync(`${target}.restoring`)).toBe(false);
      expect(existsSync(join(target, '..', 'escaped'))).toBe(false);
    };
    const media = entries.findIndex(({ name }) => name.startsWith('media/'));
    await bad(/has changed since/, (list) => {
      list[media].bytes = Buffer.from(list[media].bytes);
      list[media].bytes[100] ^= 1;
      return list;
    });
    await bad(/is missing/, (list) => list.filter((_, i) => i !== media));
    await bad(/ends before its list/, (list) => list.slice(0, -1));
    await bad(/no place in a data folder/, (list) => [
      { name: '../escaped', bytes: Buffer.from('x') },
      ...list,
    ]);
    await bad(/no plain file/, (list) => [
      { name: 'media/link', bytes: Buffer.alloc(0), linkname: '/etc/passwd' },
      ...list,
    ]);
    await bad(/is not in its list/, (list) => [{ name: 'folder-id', bytes: Buffer.from('x') }, ...list]);
    // Cut off in the middle, as a full disk leaves it.
    const whole = await readFile(archive);
    await writeFile(made('cut.tar'), whole.subarray(0, whole.length / 2));
    await expect(restoreBackup(made('cut.tar'), join(await folder(), 'cut'))).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
    });
  });

  test('is made of data folders only', async () => {
    const other = await folder();
    await mkdir(join(other, 'photos'));
    await expect(writeBackup(other, made('none.tar'))).rejects.toMatchObject({ code: 'DATA_FOLDER_MISSING' });
  });
});

test('paths of a data folder, and no others', () => {
  const id = '01234567-89ab-cdef-0123-456789abcdef';
  for (const path of [`media/${id}`, `clips/${id}/1/report.html`, 'database/base/1/pg_x', 'folder-id']) {
    expect(belongs(path), path).toBe(true);
  }
  for (const path of [
    `media/${id}/x`,
    'media/../x',
    `clips/${id}/../../x`,
    '/etc/passwd',
    'database/./x',
    'database\\x',
    'key.pem',
  ]) {
    expect(belongs(path), path).toBe(false);
  }
});
