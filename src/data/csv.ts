/** CSV files row by row, checked at the door: every refusal names file, line, column and value. */
import { createReadStream, existsSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import type { z } from 'zod';
import { describe, errors } from '../base/errors.ts';

/**
 * Reads a CSV file (UTF-8, a header line, RFC 4180 quotes) as a stream. An empty cell is a missing one. A column that
 * `schema` does not name, or a required one that is absent, is refused at line 1.
 * Throws MANIFEST_MISSING, MANIFEST_INVALID.
 */
export async function* readRows<T>(
  path: string,
  schema: z.ZodObject & z.ZodType<T>,
): AsyncGenerator<{ row: T; line: number }> {
  if (!existsSync(path)) throw errors.MANIFEST_MISSING(path);
  const known = Object.keys(schema.shape);
  const checkHeader = (header: string[]) => {
    for (const column of header) {
      if (!known.includes(column)) {
        throw errors.MANIFEST_INVALID(path, 1, column, column, `known columns: ${known.join(', ')}`);
      }
    }
    for (const column of known) {
      if (!header.includes(column) && !schema.shape[column].safeParse(undefined).success) {
        throw errors.MANIFEST_INVALID(path, 1, column, header.join(','), 'this column is missing');
      }
    }
    return header;
  };
  const parser = createReadStream(path).pipe(
    parse({ bom: true, info: true, skip_empty_lines: true, columns: checkHeader }),
  );
  try {
    for await (const { record, info } of parser) {
      const cells = record as Record<string, string>;
      const present = Object.fromEntries(Object.entries(cells).filter(([, value]) => value !== ''));
      const result = schema.safeParse(present);
      if (!result.success) {
        const issue = result.error.issues[0];
        const column = String(issue.path[0] ?? '');
        const missing = present[column] === undefined;
        throw errors.MANIFEST_INVALID(
          path,
          info.lines,
          column,
          cells[column] ?? '',
          missing ? 'it is missing' : issue.message,
        );
      }
      yield { row: result.data, line: info.lines };
    }
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    const line = typeof thrown.lines === 'number' ? thrown.lines : 0;
    throw errors.MANIFEST_INVALID(path, line, '', '', describe(thrown));
  }
}

/** Rows of a CSV file by its own column names, unchecked: for files whose columns others chose. Throws as above. */
export async function* readLooseRows(
  path: string,
): AsyncGenerator<{ row: Record<string, string>; line: number }> {
  if (!existsSync(path)) throw errors.MANIFEST_MISSING(path);
  const parser = createReadStream(path).pipe(
    parse({ bom: true, info: true, skip_empty_lines: true, columns: true }),
  );
  try {
    for await (const { record, info } of parser) {
      yield { row: record as Record<string, string>, line: info.lines };
    }
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    const line = typeof thrown.lines === 'number' ? thrown.lines : 0;
    throw errors.MANIFEST_INVALID(path, line, '', '', describe(thrown));
  }
}

/** A CSV document: RFC 4180 quotes where they are needed, an empty cell for what is undefined. */
export function formatCsv(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): string {
  const cell = (value: unknown) => {
    const text = value === undefined ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  return `${lines.map((line) => line.join(',')).join('\n')}\n`;
}
