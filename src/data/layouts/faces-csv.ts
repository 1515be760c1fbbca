/** A single CSV of face crops, one a video, in pairs of one scene (shared/data/train/dfdc-pairs). */
import { parse } from 'node:path';
import { z } from 'zod';
import { readRows } from '../csv.ts';
import { collector, labelCell, type Manifest } from '../manifest.ts';

const rowSchema = z.strictObject({
  file: z.string().max(1000),
  label: labelCell,
  scene: z.string().max(1000),
  native_width_px: z.coerce.number().int().positive().optional(),
});

/**
 * Reads columns `file`, `label` (real | fake), `scene` and `native_width_px`. The video is the file's stem and the
 * source the scene; the scene is not the actor, so a split by it lets one person stand on both sides.
 * Throws as `readManifest` does.
 */
export async function readFacesCsv(path: string): Promise<Manifest> {
  const collect = collector(path);
  for await (const { row, line } of readRows(path, rowSchema)) {
    const videoId = parse(row.file).name;
    collect.add(
      {
        id: videoId,
        file: row.file,
        label: row.label,
        method: row.label === 0 ? 'original' : 'dfdc',
        videoId,
        sourceId: row.scene,
        nativeWidth: row.native_width_px,
      },
      line,
    );
  }
  return collect.finish();
}
