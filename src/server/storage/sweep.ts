/** Removes files that no row tells of: what a crash left between a file and its row, or in the middle of a deletion. */
import type { Database } from '../database/database.ts';
import type { Storage } from './storage.ts';

/** Another server on the same database may be writing: only what has been still for so long is removed then, ms. */
const stillFor = 3_600_000;

/** Of a folder alone: a bucket would have to be listed whole, which `tidy` does when it is told to. @returns how many files and folders were removed. */
export async function sweep(database: Database, storage: Storage): Promise<number> {
  const age = database.kind === 'embedded' ? 0 : stillFor;
  let removed = 0;
  const media = await storage.ids('media', age);
  const known = new Set(await idsIn(database, 'media', media));
  for (const id of media) {
    if (known.has(id)) continue;
    await storage.removeMedia(id);
    removed++;
  }
  const clips = await storage.ids('clips', age);
  const rows = await database.query<{ id: string; attempts: number; status: string }>(
    'select id, attempts, status from mesoscope.clip where id = any($1::uuid[])',
    [clips],
  );
  const current = new Map(rows.map((row) => [row.id, row]));
  for (const id of clips) {
    const row = current.get(id);
    if (!row) {
      await storage.removeClip(id);
      removed++;
    } else if (row.status === 'done' || row.status === 'failed' || row.status === 'cancelled') {
      // Attempts that did not come to an end.
      for (const attempt of await storage.attempts(id)) {
        if (row.status !== 'cancelled' && attempt === String(row.attempts)) continue;
        await storage.removeAttempt(id, Number(attempt));
        removed++;
      }
    }
  }
  return removed;
}

async function idsIn(database: Database, table: 'media', ids: readonly string[]): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select id from mesoscope.${table} where id = any($1::uuid[])`,
    [ids],
  );
  return rows.map(({ id }) => id);
}
