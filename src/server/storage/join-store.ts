/** A store and the database that its rows are in, of a server or its workers, without joining their work. */
import { errors } from '../../base/errors.ts';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openPostgres } from '../database/postgres.ts';
import { checkClaim } from './claim.ts';
import { openStore } from './open-store.ts';
import type { Store } from './store.ts';

/**
 * @throws QUEUE_NEEDS_DATABASE, QUEUE_NEEDS_STORE, STORE_INVALID, STORE_UNREACHABLE, DATABASE_UNREACHABLE, DATABASE_NEWER,
 * DATA_FOLDER_DIFFERS where the two do not belong together
 */
export async function joinStore(given: {
  database: string | undefined;
  store: string | undefined;
}): Promise<{ database: Database; store: Store }> {
  if (given.database === undefined) throw errors.QUEUE_NEEDS_DATABASE();
  if (given.store === undefined) throw errors.QUEUE_NEEDS_STORE();
  const store = await openStore(given.store);
  const database = await openPostgres(given.database);
  try {
    // Before anything is made there: it may be another's database.
    await checkClaim(database, store);
    await migrate(database);
    return { database, store };
  } catch (error) {
    await database.close();
    throw error;
  }
}
