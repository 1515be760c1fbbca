/** A single CSV file that names videos or pictures, with whatever columns its makers chose. */
import { dirname } from 'node:path';
import { z } from 'zod';
import { errors } from '../../base/errors.ts';
import { readLooseRows } from '../csv.ts';
import { type Label, splitNames, staysInside } from '../manifest.ts';
import { gather, type SourceSet, withoutExtension } from '../source.ts';

const labels: Readonly<Record<string, Label>> = {
  real: 0,
  original: 0,
  '0': 0,
  fake: 1,
  manipulated: 1,
  '1': 1,
};
const split = z.enum([...splitNames, 'val']).optional();

/**
 * Reads a CSV with at least `file`, and `label` (real | fake | manipulated | 0 | 1, 1 being manipulated) unless
 * `label` is given for all. Understood where there: `id`, `method`, `video` or `videoId`; `person`, `scene` or
 * `sourceId` (in this order, the source); `original` (the file that it was made from, whose source is then shared),
 * `compression`, `mask`, `split`, `licence`, `native_width_px`, and `x0,y0 … x67,y67` (landmarks). Other columns are
 * ignored. A line that is refused is listed as dropped. Throws MANIFEST_MISSING, MANIFEST_INVALID (no `file` column, no
 * CSV), DATA_EMPTY.
 */
export async function readCsv(
  path: string,
  { label: all }: { label?: Label | undefined } = {},
): Promise<SourceSet> {
  const folder = dirname(path);
  const out = gather(folder, 'csv');
  const rows: { row: Record<string, string>; line: number }[] = [];
  for await (const entry of readLooseRows(path)) rows.push(entry);
  if (rows.length === 0) throw errors.DATA_EMPTY(path, 'no line');
  if (rows[0].row.file === undefined) {
    throw errors.MANIFEST_INVALID(
      path,
      1,
      'file',
      Object.keys(rows[0].row).join(','),
      'this column is missing',
    );
  }
  const ids = new Map(rows.map(({ row }) => [row.file, row.id || withoutExtension(row.file)]));
  // One picture with two sets of landmarks: nobody knows which are its own (YouTube Faces' copy has 770 of these).
  const rivals = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const { row } of rows) {
    const points = pointsOf(row)?.join();
    const known = rivals.get(row.file);
    if (points !== undefined && known !== undefined && known !== points) ambiguous.add(row.file);
    else if (points !== undefined) rivals.set(row.file, points);
  }
  const sourceOf = (row: Record<string, string>) =>
    row.person || row.scene || row.sourceId || withoutExtension(row.original || row.file);
  for (const { row, line } of rows) {
    const id = ids.get(row.file) ?? row.file;
    const label = row.label ? labels[row.label.toLowerCase()] : all;
    const side = split.safeParse(row.split || undefined);
    if (label === undefined) {
      out.drop(id, row.file, `line ${line}: label ${JSON.stringify(row.label ?? '')} is none of real, fake`);
      continue;
    }
    if (!staysInside(row.file) || (row.mask && !staysInside(row.mask))) {
      out.drop(id, row.file, `line ${line}: it leads out of the data folder`);
      continue;
    }
    const original = row.original ? ids.get(row.original) : undefined;
    const points = ambiguous.has(row.file) ? undefined : pointsOf(row);
    const width = Number(row.native_width_px || row.nativeWidth);
    out.add({
      id,
      file: row.file,
      label,
      method: row.method || (label === 0 ? 'original' : 'unknown'),
      videoId: row.videoId || row.video || id,
      sourceId: sourceOf(row),
      ...(row.compression ? { compression: row.compression } : {}),
      ...(row.mask ? { mask: row.mask } : {}),
      ...(row.licence ? { licence: row.licence } : {}),
      ...(side.success && side.data ? { split: side.data === 'val' ? 'validation' : side.data } : {}),
      ...(original === undefined ? {} : { original }),
      ...(width > 0 ? { nativeWidth: Math.round(width) } : {}),
      ...(points ? { points } : {}),
    });
  }
  return out.finish();
}

function pointsOf(row: Record<string, string>): number[] | undefined {
  if (row.x67 === undefined) return undefined;
  const numbers = Array.from({ length: 136 }, (_, i) =>
    Number(row[`${i % 2 ? 'y' : 'x'}${i >> 1}`] || Number.NaN),
  );
  return numbers.every(Number.isFinite) ? numbers : undefined;
}
