/** Manifests in Parquet: a column a key, all text, so that the same checks hold as for CSV. */
import { existsSync } from 'node:fs';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { z } from 'zod';
import { describe, errors } from '../base/errors.ts';

/** Rows as `readRows` gives them; the line is the row's number, from 1. Throws MANIFEST_MISSING, MANIFEST_INVALID. */
export async function* readParquetRows<T>(
  path: string,
  schema: z.ZodObject & z.ZodType<T>,
): AsyncGenerator<{ row: T; line: number }> {
  if (!existsSync(path)) throw errors.MANIFEST_MISSING(path);
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  } catch (thrown) {
    throw errors.MANIFEST_INVALID(path, 0, '', '', describe(thrown));
  }
  for (const [index, row] of rows.entries()) {
    const cells = Object.entries(row).filter(
      ([, value]) => value !== null && value !== undefined && value !== '',
    );
    const result = schema.safeParse(Object.fromEntries(cells.map(([key, value]) => [key, String(value)])));
    if (!result.success) {
      const issue = result.error.issues[0];
      const column = String(issue.path[0] ?? '');
      throw errors.MANIFEST_INVALID(path, index + 1, column, String(row[column] ?? ''), issue.message);
    }
    yield { row: result.data, line: index + 1 };
  }
}

export function formatParquet(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): Uint8Array {
  const columnData = columns.map((name) => ({
    name,
    type: 'STRING' as const,
    nullable: true,
    data: rows.map((row) => (row[name] === undefined ? null : String(row[name]))),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
