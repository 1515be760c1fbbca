/** A database and a store belong together: with another store, every clip would seem to have lost its file. */
import { randomUUID } from 'node:crypto';
import { errors } from '../../base/errors.ts';
import type { Database } from '../database/database.ts';
import type { Store } from './store.ts';

const key = 'folder-id';

/**
 * For whoever removes by the rows of a database: one that never had the store knows none of its files.
 * @throws DATA_FOLDER_DIFFERS unless the two were joined before
 */
export async function checkClaim(database: Database, store: Store): Promise<void> {
  const own = (await store.get(key))?.toString('utf8').trim();
  const [{ there }] = await database.query<{ there: boolean }>(
    "select to_regclass('mesoscope.setting') is not null as there",
  );
  const [row] = there
    ? await database.query<{ value: string }>("select value from mesoscope.setting where name = 'folder'")
    : [];
  if (!own || row?.value !== own) throw errors.DATA_FOLDER_DIFFERS(store.name);
}

/** @throws DATA_FOLDER_DIFFERS */
export async function claimStore(database: Database, store: Store): Promise<void> {
  if (database.kind === 'embedded') return;
  const own = (await store.get(key))?.toString('utf8').trim();
  const [{ value }] = await database.query<{ value: string }>(
    `insert into mesoscope.setting (name, value) values ('folder', $1)
     on conflict (name) do update set value = mesoscope.setting.value returning value`,
    [own || randomUUID()],
  );
  if (own === value) return;
  // A store without a mark may be new, or another one: new it is only where the database knows of nothing in it.
  const [{ used }] = await database.query<{ used: boolean }>(
    'select exists (select from mesoscope.media) or exists (select from mesoscope.task) as used',
  );
  if (own || used) throw errors.DATA_FOLDER_DIFFERS(store.name);
  await store.put(key, Buffer.from(`${value}\n`));
}
