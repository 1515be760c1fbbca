/** Parts become shards: joined in the order of their units, so that the shards never depend on who was done first. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tarEnd } from '../tar.ts';
import { type PartRecord, partJson, partTar, readPart } from './part.ts';
import { writeWholeFile, writeWholeText } from './whole-file.ts';

/** A finished shard; lies beside the parts as `shard-000000.json`. */
export interface ShardRecord {
  name: string;
  bytes: number;
  sha256: string;
  /** Units from `from` up to `to`, excluded. */
  from: number;
  to: number;
  parts: PartRecord[];
}

export class Sealer {
  readonly shards: ShardRecord[] = [];
  /** Shards that were found damaged and are made anew, by name. */
  readonly damaged: string[] = [];
  readonly #shardFolder: string;
  readonly #buildFolder: string;
  readonly #units: number;
  readonly #most: number;
  readonly #open = new Map<number, PartRecord>();
  /** Ranges that damaged shards held; their successors must begin where they ended. */
  readonly #fixed = new Map<number, number>();
  #next = 0;

  private constructor(folder: string, units: number, mostBytes: number) {
    this.#shardFolder = join(folder, 'shards');
    this.#buildFolder = join(folder, '.build');
    this.#units = units;
    this.#most = mostBytes;
  }

  /** Finds what an earlier process left: whole shards, damaged ones, parts that are done, and half-written files. */
  static async open(folder: string, units: number, mostBytes: number): Promise<Sealer> {
    const sealer = new Sealer(folder, units, mostBytes);
    await sealer.#recover();
    return sealer;
  }

  /** Units that need no work any more. */
  done(): Set<number> {
    const done = new Set(this.#open.keys());
    for (const { from, to } of this.shards) for (let unit = from; unit < to; unit++) done.add(unit);
    return done;
  }

  async add(part: PartRecord): Promise<void> {
    this.#open.set(part.unit, part);
    await this.seal();
  }

  /** Makes every shard whose parts are all there. */
  async seal(): Promise<void> {
    for (;;) {
      const done = this.shards.find(({ from }) => from === this.#next);
      if (done) this.#next = done.to;
      else {
        const parts = this.#ready();
        if (!parts) return;
        await this.#write(parts);
      }
    }
  }

  #ready(): PartRecord[] | undefined {
    const end = this.#fixed.get(this.#next);
    const parts: PartRecord[] = [];
    let bytes = 0;
    for (let unit = this.#next; unit < (end ?? this.#units); unit++) {
      const part = this.#open.get(unit);
      if (!part) return undefined;
      // A unit is never cut: one that is larger than a shard is a shard.
      if (end === undefined && parts.length > 0 && bytes + part.bytes > this.#most) return parts;
      parts.push(part);
      bytes += part.bytes;
    }
    return parts.length > 0 ? parts : undefined;
  }

  async #write(parts: PartRecord[]): Promise<void> {
    const from = this.#next;
    const to = from + parts.length;
    const earlier = this.shards.filter((shard) => shard.from < from).length;
    const name = shardName(earlier);
    const sha = createHash('sha256');
    const path = join(this.#shardFolder, name);
    await writeWholeFile(path, async (temporary) => {
      const handle = await open(temporary, 'w');
      try {
        for (const { unit } of parts) {
          for await (const chunk of createReadStream(partTar(this.#buildFolder, unit), {
            highWaterMark: 1 << 20,
          })) {
            sha.update(chunk);
            await handle.writeFile(chunk);
          }
        }
        sha.update(tarEnd);
        await handle.writeFile(tarEnd);
        await handle.sync();
      } finally {
        await handle.close();
      }
      const bytes = parts.reduce((sum, part) => sum + part.bytes, tarEnd.length);
      const record: ShardRecord = { name, bytes, sha256: sha.digest('hex'), from, to, parts };
      // Before the shard has its name: a record without a shard is undone, a shard without a record is not known.
      await writeWholeText(this.#recordPath(name), JSON.stringify(record));
      this.shards.push(record);
    });
    this.shards.sort((a, b) => a.from - b.from);
    this.#fixed.delete(from);
    this.#next = to;
    for (const { unit } of parts) await this.#forget(unit);
  }

  async #forget(unit: number): Promise<void> {
    this.#open.delete(unit);
    // The journal's entry last: a part without it would be made again.
    await rm(partTar(this.#buildFolder, unit), { force: true });
    await rm(partJson(this.#buildFolder, unit), { force: true });
  }

  #recordPath(name: string): string {
    return join(this.#buildFolder, name.replace(/\.tar$/, '.json'));
  }

  async #recover(): Promise<void> {
    for (const folder of [this.#shardFolder, this.#buildFolder]) {
      for (const name of await readdir(folder)) if (name.endsWith('.tmp')) await rm(join(folder, name));
    }
    const names = (await readdir(this.#buildFolder)).sort();
    const records: ShardRecord[] = [];
    for (const name of names.filter((name) => /^shard-\d+\.json$/.test(name))) {
      records.push(JSON.parse(await readFile(join(this.#buildFolder, name), 'utf8')));
    }
    const partNames = names.filter((name) => /^\d+\.json$/.test(name));
    for (const name of partNames) {
      const part = await readPart(this.#buildFolder, Number.parseInt(name, 10));
      const size = (await stat(partTar(this.#buildFolder, part.unit)).catch(() => undefined))?.size;
      if (size === part.bytes) this.#open.set(part.unit, part);
      else await this.#forget(part.unit);
    }
    for (const record of records.sort((a, b) => a.from - b.from)) {
      const size = (await stat(join(this.#shardFolder, record.name)).catch(() => undefined))?.size;
      if (size === record.bytes) {
        this.shards.push(record);
        // Killed after the rename: the shard holds them.
        for (const unit of [...this.#open.keys()]) {
          if (unit >= record.from && unit < record.to) await this.#forget(unit);
        }
        continue;
      }
      const waiting = record.parts.every(({ unit }) => this.#open.has(unit));
      if (!waiting) this.damaged.push(record.name);
      this.#fixed.set(record.from, record.to);
      await rm(this.#recordPath(record.name), { force: true });
      await rm(join(this.#shardFolder, record.name), { force: true });
    }
  }
}

const shardName = (index: number) => `shard-${String(index).padStart(6, '0')}.tar`;
