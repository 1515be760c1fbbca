/** A part that another machine made becomes one of this build: checked like any outside data, and renamed. */
import { closeSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { splitNames } from '../manifest.ts';
import { readTarIndex, type TarEntry, writeTarBody } from '../tar.ts';
import { namesOf, type PartRecord, partJson, partTar } from './part.ts';
import { writeWholeFile, writeWholeText } from './whole-file.ts';

const text = z.string().max(10_000);
const pixels = z.int().positive();

/** As `writePart` writes it. */
export const partRecordSchema = z.strictObject({
  unit: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  samples: z.array(
    z.strictObject({
      /** Becomes a file name in the shard. */
      key: z.string().regex(/^[\w-]{1,80}$/),
      item: z.strictObject({
        id: text,
        label: z.union([z.literal(0), z.literal(1)]),
        method: text,
        videoId: text,
        sourceId: text,
        compression: text.optional(),
        licence: text.optional(),
        split: z.enum(splitNames).optional(),
        original: text.optional(),
        width: pixels.optional(),
        height: pixels.optional(),
        nativeWidth: pixels.optional(),
      }),
      image: z.enum(['jpg', 'png']),
      mask: z.boolean(),
    }),
  ),
  dropped: z.array(
    z.strictObject({
      id: text,
      frame: z.int().nonnegative().optional(),
      reason: text,
      count: z.int().nonnegative().optional(),
    }),
  ),
  failures: z.array(z.strictObject({ id: text, file: text, reason: text })),
  counts: z.record(z.string(), z.number()),
}) satisfies z.ZodType<PartRecord>;

/** What came is no part that can be used. A plain error: the caller knows whose fault that is. */
export class PartInvalidError extends Error {
  override name = 'PartInvalidError';
}

/**
 * Writes `record` and the pictures of the archive `tar` as a part of the build in `folder`.
 * @param rename gives samples the keys that they have in this set
 * @throws PartInvalidError where the archive is not what the record says; OUTPUT_UNWRITABLE
 */
export async function adoptPart(
  folder: string,
  unit: number,
  tar: string,
  record: PartRecord,
  rename: (key: string) => string,
): Promise<PartRecord> {
  const { files } = readTarIndex(tar);
  const expected = record.samples.flatMap(namesOf);
  const { size } = await stat(tar);
  if (size !== record.bytes) throw new PartInvalidError(`it has ${size} bytes, not ${record.bytes}`);
  if (files.size !== expected.length || !expected.every((name) => files.has(name))) {
    throw new PartInvalidError('it holds other files than it lists');
  }
  const samples = record.samples.map((sample) => ({ ...sample, key: rename(sample.key) }));
  const bytes = await writeWholeFile(partTar(folder, unit), (path) =>
    writeTarBody(path, entries(tar, files, expected, samples.flatMap(namesOf))),
  );
  const adopted: PartRecord = { ...record, unit, bytes, samples };
  await writeWholeText(partJson(folder, unit), JSON.stringify(adopted));
  return adopted;
}

function* entries(
  tar: string,
  files: ReadonlyMap<string, { offset: number; size: number }>,
  from: readonly string[],
  to: readonly string[],
): Generator<TarEntry> {
  const file = openSync(tar, 'r');
  try {
    for (const [i, name] of from.entries()) {
      const { offset, size } = files.get(name) as { offset: number; size: number };
      const bytes = Buffer.alloc(size);
      readSync(file, bytes, 0, size, offset);
      yield { name: to[i], bytes };
    }
  } finally {
    closeSync(file);
  }
}
