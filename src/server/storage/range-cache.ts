/** The last pieces of a stored file, so that a demuxer's small reads are few requests, and a long clip little memory. */
import type { StoredFile } from './store.ts';

const MiB = 2 ** 20;

export interface RangeCacheOptions {
  /** Bytes fetched at once. */
  block?: number;
  /** Pieces that are kept. */
  blocks?: number;
}

export class RangeCache {
  readonly #file: Pick<StoredFile, 'size' | 'read'>;
  readonly #block: number;
  readonly #most: number;
  /** By position, least recently used first. A failed one is forgotten, so that it can be tried again. */
  readonly #pieces = new Map<number, Promise<Buffer>>();
  #last = -1;

  constructor(file: Pick<StoredFile, 'size' | 'read'>, { block = MiB, blocks = 16 }: RangeCacheOptions = {}) {
    this.#file = file;
    this.#block = block;
    this.#most = Math.max(2, blocks);
  }

  /** Up to `length` bytes from `at`; fewer at the file's end. */
  async read(at: number, length: number): Promise<Buffer> {
    const end = Math.min(at + length, this.#file.size);
    const parts: Buffer[] = [];
    for (let from = at; from < end; ) {
      const number = Math.floor(from / this.#block);
      const piece = await this.#piece(number);
      // Who reads on will want the next one: it comes while this one is looked at.
      if (number === this.#last + 1 && (number + 1) * this.#block < this.#file.size) {
        this.#piece(number + 1).catch(() => undefined);
      }
      this.#last = number;
      const start = from - number * this.#block;
      const part = piece.subarray(start, start + end - from);
      // A file that is shorter than it was: the rest is not there.
      if (part.length === 0) break;
      parts.push(part);
      from += part.length;
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  #piece(number: number): Promise<Buffer> {
    const known = this.#pieces.get(number);
    this.#pieces.delete(number);
    const at = number * this.#block;
    const piece = known ?? this.#file.read(at, Math.min(this.#block, this.#file.size - at));
    this.#pieces.set(number, piece);
    if (!known) {
      piece.catch(() => {
        if (this.#pieces.get(number) === piece) this.#pieces.delete(number);
      });
    }
    for (const oldest of this.#pieces.keys()) {
      if (this.#pieces.size <= this.#most) break;
      this.#pieces.delete(oldest);
    }
    return piece;
  }
}
