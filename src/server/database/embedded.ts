/** PostgreSQL compiled to WebAssembly, in this process, in a folder: nothing else to install. */
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { describe, errors } from '../../base/errors.ts';
import type { Database, Queries } from './database.ts';

/** @throws DATABASE_UNREACHABLE. The caller has made sure that no other process has the folder open. */
export async function openEmbedded(folder: string): Promise<Database> {
  await mkdir(folder, { recursive: true });
  const lite = await PGlite.create({ dataDir: folder }).catch((cause: unknown) => {
    const error = errors.DATABASE_UNREACHABLE(`in ${folder}`, describe(cause));
    error.cause = cause;
    throw error;
  });
  const queriesOf = (on: PGlite | Transaction): Queries => ({
    query: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await on.query<Row>(text, [...values])).rows,
    script: async (text) => void (await on.exec(text)),
  });
  return {
    kind: 'embedded',
    ...queriesOf(lite),
    transaction: (work) => lite.transaction((transaction) => work(queriesOf(transaction))),
    flush: () => flushLog(lite, folder),
    // The folder is ours alone: any other server that ever marked itself here is dead.
    holdMark: async () => undefined,
    isAlive: async () => false,
    onNews: () => undefined,
    close: () => lite.close(),
  };
}

/**
 * PGlite writes its log at every commit but runs with `fsync = off`: the bytes survive this process, not the machine.
 * So the current log file is flushed here.
 */
async function flushLog(lite: PGlite, folder: string): Promise<void> {
  const { rows } = await lite.query<{ name: string }>('select pg_walfile_name(pg_current_wal_lsn()) as name');
  const file = await open(join(folder, 'pg_wal', rows[0].name), 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
