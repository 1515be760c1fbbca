/** What a backup says of itself: its last entry, so that one which was cut off says nothing. */
import { z } from 'zod';

export const manifestName = 'backup.json';

export const manifestSchema = z.strictObject({
  schema: z.literal('mesoscope.backup/1'),
  /** Mesoscope that wrote it. */
  version: z.string(),
  /** ISO 8601. */
  madeAt: z.string(),
  /** Where the clips' rows are: in the backup, or in a PostgreSQL server that is backed up by its own means. */
  database: z.enum(['embedded', 'server']),
  /** Of the database: it does not start without its empty folders. */
  folders: z.array(z.string()),
  files: z.array(
    z.strictObject({
      path: z.string(),
      bytes: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type BackupManifest = z.output<typeof manifestSchema>;

const id = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}';
const name = '[\\w.-]*\\w[\\w.-]*';
const known = new RegExp(
  `^(?:folder-id|(?:media|uploads)/${id}|clips/${id}(?:/${name})+|database(?:/${name})+)$`,
  'i',
);

/** Whether a path is one that a data folder may hold: nothing else is ever written from a backup. */
export function belongs(path: string): boolean {
  return known.test(path) && !path.split('/').some((part) => /^\.+$/.test(part));
}
