/** A run that has ended, as one file between machines. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readTarIndex, tarEnd, writeTarBody } from '../../data/tar.ts';
import { metricNames } from '../../train/metrics.ts';
import type { RunSummary } from '../../train/run.ts';
import { writeJson } from '../../train/write-file.ts';

/**
 * What of a run travels. Not its recipe: the one who drew it has it. Not the checkpoints that only serve to go on: it has
 * ended.
 */
const travels =
  /^(?:(?:environment|landmarks|summary)\.json|metrics\.jsonl|model\.onnx|checkpoints\/best\.safetensors|tensorboard\/[\w.-]{1,200})$/;

const figure = z.number().nullable();
/** As `train` writes it; figures that are no number are null in JSON. */
const summarySchema = z.strictObject({
  status: z.enum(['finished', 'early-stop']),
  folder: z.string(),
  steps: z.int().nonnegative(),
  metric: z.enum(metricNames),
  best: z.looseObject({ value: figure }).nullable(),
  validation: z.record(z.string(), figure).nullable(),
  detector: z.string().nullable(),
  skipped: z.array(
    z.strictObject({ id: z.string(), file: z.string(), reason: z.string(), count: z.int().nonnegative() }),
  ),
  imagesPerSecond: figure,
  waitShare: figure,
});

/** What came is no run that has ended. A plain error: the caller knows whose fault that is. */
export class PackInvalidError extends Error {
  override name = 'PackInvalidError';
}

/** Writes a tar archive of the run in `folder`. */
export async function packRun(folder: string, tar: string): Promise<void> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => travels.test(name))
    .sort();
  await writeTarBody(tar, entries(folder, names));
  await writeFile(tar, tarEnd, { flag: 'a' });
}

/** One after the other: checkpoints are large. */
function* entries(folder: string, names: readonly string[]) {
  for (const name of names) yield { name, bytes: readFileSync(join(folder, name)) };
}

/**
 * Puts a packed run into `folder`, `summary.json` last: it says that the run has ended.
 * @throws PackInvalidError for what is no such archive; then nothing was written
 */
export async function unpackRun(tar: string, folder: string): Promise<RunSummary> {
  let summary: RunSummary | undefined;
  await unpackFiles(tar, folder, travels, {
    first: [
      'summary.json',
      (bytes) => {
        summary = summaryOf(bytes.toString('utf8'), folder);
      },
    ],
  });
  await writeJson(join(folder, 'summary.json'), summary);
  return summary as RunSummary;
}

/**
 * Writes the files of an archive below `folder`, once it is known to be whole and to have no other names than expected.
 * @param first a file that is read before any is written, and not written itself
 * @throws PackInvalidError for what is no such archive
 */
export async function unpackFiles(
  tar: string,
  folder: string,
  expected: RegExp,
  { first }: { first?: [name: string, read: (bytes: Buffer) => void] } = {},
): Promise<void> {
  const { files, fault } = readTarIndex(tar);
  if (fault !== undefined) throw new PackInvalidError(fault);
  const odd = [...files.keys()].find((name) => !expected.test(name) || name.split('/').includes('..'));
  if (odd !== undefined) throw new PackInvalidError(`it holds ${JSON.stringify(odd)}`);
  const archive = await open(tar, 'r');
  try {
    const bytesOf = async (name: string): Promise<Buffer> => {
      const { offset, size } = files.get(name) ?? { offset: 0, size: 0 };
      const bytes = Buffer.alloc(size);
      await archive.read(bytes, 0, size, offset);
      return bytes;
    };
    first?.[1](await bytesOf(first[0]));
    for (const name of files.keys()) {
      if (name === first?.[0]) continue;
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), await bytesOf(name));
    }
  } finally {
    await archive.close();
  }
}

/** Its paths become those of this machine. */
function summaryOf(text: string, folder: string): RunSummary {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new PackInvalidError('it holds no summary.json that is JSON');
  }
  const parsed = summarySchema.safeParse(json);
  if (!parsed.success) throw new PackInvalidError(`summary.json: ${parsed.error.issues[0].message}`);
  return {
    ...(json as RunSummary),
    folder,
    detector: parsed.data.detector === null ? null : join(folder, 'model.onnx'),
  };
}
