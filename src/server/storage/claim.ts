/** A database and a data folder belong together: with another folder, every clip would seem to have lost its file. */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';
import type { Database } from '../database/database.ts';
import type { Storage } from './storage.ts';

/** @throws DATA_FOLDER_DIFFERS */
export async function claimFolder(database: Database, storage: Storage): Promise<void> {
  if (database.kind === 'embedded') return;
  const path = join(storage.folder, 'folder-id');
  const own = (await readFile(path, 'utf8').catch(() => '')).trim() || randomUUID();
  const [{ value }] = await database.query<{ value: string }>(
    `insert into mesoscope.setting (name, value) values ('folder', $1)
     on conflict (name) do update set value = mesoscope.setting.value returning value`,
    [own],
  );
  if (value !== own) throw errors.DATA_FOLDER_DIFFERS(storage.folder);
  await writeFile(path, `${own}\n`);
}
