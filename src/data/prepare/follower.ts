/** A fake that is drawn in step with its original. */
import { describe } from '../../base/errors.ts';
import type { ClipReader, Frame } from '../../media/types.ts';
import type { Failure } from '../build/part.ts';
import type { SourceItem } from '../source.ts';
import type { SourceFiles } from './source-files.ts';

/** Frames of both may differ in number (FF++ stops at the shorter of two videos), their rates may not. */
const mostRateDifference = 0.02;

export class Follower {
  readonly item: SourceItem;
  readonly failures: Failure[] = [];
  /** Frames that were drawn. */
  frames = 0;
  readonly #files: SourceFiles;
  #reader: ClipReader | undefined;
  #drawing: AsyncIterator<Frame> | undefined;
  #ahead: Frame | undefined;
  #closed = false;

  constructor(item: SourceItem, files: SourceFiles) {
    this.item = item;
    this.#files = files;
  }

  /** Why it cannot be followed in step, and is prepared by itself instead; '' where that will tell why. */
  async open(leader: ClipReader, indices: readonly number[]): Promise<string | undefined> {
    try {
      this.#reader = await this.#files.open(this.item.file);
      const { width, height, frameRate } = this.#reader.info;
      const { info } = leader;
      if (width !== info.width || height !== info.height) {
        return `its original is ${info.width}x${info.height}, it is ${width}x${height}: no mask, faces found in it alone`;
      }
      const rates = (frameRate ?? 1) / (info.frameRate ?? frameRate ?? 1);
      if (Math.abs(rates - 1) > mostRateDifference) {
        return 'its original has another frame rate: no mask, faces found in it alone';
      }
      this.#drawing = this.#reader.frames({ kind: 'list', indices })[Symbol.asyncIterator]();
      // Opening is lazy: a file that does not decode shows it at the first frame.
      this.#ahead = await this.#next();
      return undefined;
    } catch {
      return '';
    }
  }

  /** The frame of an index, or undefined where there is none; ask for ascending indices. */
  async at(index: number): Promise<Frame | undefined> {
    while (this.#ahead && this.#ahead.index < index) this.#ahead = await this.#next();
    return this.#ahead?.index === index ? this.#ahead : undefined;
  }

  async #next(): Promise<Frame | undefined> {
    try {
      const step = await this.#drawing?.next();
      if (step && !step.done) this.frames++;
      return step?.done ? undefined : step?.value;
    } catch (thrown) {
      if (this.frames === 0) throw thrown;
      this.failures.push({ id: this.item.id, file: this.item.file, reason: describe(thrown) });
      return undefined;
    }
  }

  /** May be called more than once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const lost = this.#reader?.dropped.reduce((sum, { count }) => sum + count, 0) ?? 0;
    if (lost > 0 && this.frames > 0) {
      const reason = `${lost} frames could not be decoded; the others are used`;
      this.failures.push({ id: this.item.id, file: this.item.file, reason });
    }
    await this.#drawing?.return?.();
    await this.#reader?.close();
  }
}
