/**
 * What an archive scan has done, on the disk: one JSON line a clip in numbered parts, and beside each part the same as
 * Parquet.
 *
 *     OUT/results/part-000000.jsonl      results, docs/result.md; a new part every thousand
 *     OUT/parquet/part-000000.parquet    one row a clip of the same part
 *
 * A line is a result's whole truth: killed anywhere, at most the clip in hand is scanned again. A torn last line is cut
 * off at the next start. Memory: 16 bytes or so a clip that is known, nothing else grows.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { errors } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { type ClipResult, resultSchema } from '../../detect/result.ts';
import { prepareFolder, writeWhole } from '../output.ts';
import { parquetOf } from './parquet.ts';

/** A file as it was when it was scanned; a changed one is scanned again. */
export interface Seen {
  path: string;
  bytes: number;
  modifiedMs: number;
}

const syncEveryMs = 1000;

const lineSchema = z.object({
  seen: z.object({ path: z.string(), bytes: z.number(), modifiedMs: z.number() }),
  result: resultSchema,
});
type Line = z.output<typeof lineSchema>;

export class Ledger {
  readonly #folder: string;
  readonly #perPart: number;
  /** Files that are done, as 64 bits of a hash: the same memory for long paths and short ones. */
  readonly #done: Set<bigint>;
  #part: number;
  #linesInPart: number;
  #syncedAt = 0;

  private constructor(folder: string, perPart: number, done: Set<bigint>, part: number, lines: number) {
    this.#folder = folder;
    this.#perPart = perPart;
    this.#done = done;
    this.#part = part;
    this.#linesInPart = lines;
  }

  /** Reads what is there; `onResult` hears every result of earlier starts. @throws OUTPUT_UNWRITABLE, LEDGER_INVALID */
  static async open(
    folder: string,
    { onResult, perPart = 1000 }: { onResult?: (result: ClipResult) => void; perPart?: number } = {},
  ): Promise<Ledger> {
    await prepareFolder(join(folder, 'results'));
    await prepareFolder(join(folder, 'parquet'));
    const names = (await readdir(join(folder, 'results')))
      .filter((name) => /^part-\d{6}\.jsonl$/.test(name))
      .sort();
    const done = new Set<bigint>();
    let lines = 0;
    for (const [k, name] of names.entries()) {
      const path = join(folder, 'results', name);
      if (k === names.length - 1) await cutTornLine(path);
      lines = 0;
      for await (const { seen, result } of readPart(path)) {
        done.add(keyOf(seen));
        onResult?.(result);
        lines++;
      }
    }
    const part = names.length === 0 ? 0 : Number(names[names.length - 1].slice(5, 11));
    const ledger = new Ledger(folder, perPart, done, part, lines);
    if (lines >= perPart) await ledger.#close();
    return ledger;
  }

  get size(): number {
    return this.#done.size;
  }

  has(seen: Seen): boolean {
    return this.#done.has(keyOf(seen));
  }

  /** A kill keeps what was added; a loss of power costs the last second's clips, which are scanned again. @throws OUTPUT_UNWRITABLE */
  async add(seen: Seen, result: ClipResult): Promise<void> {
    const path = this.#path();
    try {
      const file = await open(path, 'a');
      try {
        await file.write(`${JSON.stringify({ seen, result } satisfies Line)}\n`);
        if (Date.now() - this.#syncedAt > syncEveryMs) {
          await file.datasync();
          this.#syncedAt = Date.now();
        }
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw errors.OUTPUT_UNWRITABLE(path, (cause as NodeJS.ErrnoException).code ?? String(cause));
    }
    this.#done.add(keyOf(seen));
    if (++this.#linesInPart >= this.#perPart) await this.#close();
  }

  /** Writes the open part's Parquet, so that readers see all there is. */
  async flush(): Promise<void> {
    if (this.#linesInPart > 0) await this.#writeParquet();
  }

  async #close(): Promise<void> {
    await this.#writeParquet();
    this.#part++;
    this.#linesInPart = 0;
  }

  async #writeParquet(): Promise<void> {
    const results: ClipResult[] = [];
    for await (const { result } of readPart(this.#path())) results.push(result);
    await mkdir(join(this.#folder, 'parquet'), { recursive: true });
    await writeWhole(join(this.#folder, 'parquet'), { [`${this.#name()}.parquet`]: parquetOf(results) });
  }

  #name(): string {
    return `part-${String(this.#part).padStart(6, '0')}`;
  }

  #path(): string {
    return join(this.#folder, 'results', `${this.#name()}.jsonl`);
  }
}

async function* readPart(path: string): AsyncGenerator<Line> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  for await (const text of lines) {
    number++;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw errors.LEDGER_INVALID(path, number, 'it is no JSON');
    }
    const parsed = lineSchema.safeParse(json);
    if (!parsed.success) throw errors.LEDGER_INVALID(path, number, parsed.error.issues[0].message);
    yield parsed.data;
  }
}

/** A kill in the middle of a write leaves a line without its end: that clip was not done. */
async function cutTornLine(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const block = Buffer.alloc(65_536);
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - block.length);
      const { bytesRead } = await file.read(block, 0, end - start, start);
      const at = block.subarray(0, bytesRead).lastIndexOf(0x0a);
      if (at >= 0) {
        if (start + at + 1 < size) await truncate(path, start + at + 1);
        return;
      }
      end = start;
    }
    if (size > 0) await truncate(path, 0);
  } finally {
    await file.close();
  }
}

function keyOf({ path, bytes, modifiedMs }: Seen): bigint {
  return BigInt(`0x${sha256(`${path}\0${bytes}\0${Math.round(modifiedMs)}`).slice(0, 16)}`);
}
