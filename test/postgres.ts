/** PostgreSQL for tests. Where there is none, tests are skipped by name. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';
import { havePostgres, postgresCluster } from './postgres-cluster.ts';

export { havePostgres, postgresCluster };

/** Appended to a test's name where PostgreSQL is absent, so that the reason stands in the report. */
export const noPostgresReason = havePostgres ? '' : ' (skipped: no PostgreSQL in /usr/lib/postgresql)';

/** A cluster for the tests of one file. */
export function withPostgres(): () => string {
  let cluster: ReturnType<typeof postgresCluster> | undefined;
  beforeAll(() => {
    if (havePostgres) cluster = postgresCluster();
  });
  afterAll(() => {
    cluster?.stop();
  });
  return () => (cluster as ReturnType<typeof postgresCluster>).freshDatabase();
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
