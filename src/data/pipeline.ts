/** Batches for training and evaluation, made ahead in worker threads, the same for any number of them. */
import type { Worker } from 'node:worker_threads';
import { startWorker, unpackError } from '../base/worker.ts';
import { type BatchContent, BatchMaker, type BatchOptions, type Skipped } from './batch.ts';
import type { DroppedItem } from './manifest.ts';
import type { PairItem } from './synthesize/on-the-fly.ts';
import type { Reply, Request } from './worker.ts';

export interface PipelineOptions extends BatchOptions {
  /** Worker threads; 0 makes batches on the calling thread. */
  workers: number;
  /** Batches made ahead of the one asked for. Each holds n x 3 x height x width x 4 bytes. */
  prefetch: number;
  /** Steps from here on are not made ahead: the end of training, or of one pass. */
  end?: number | undefined;
}

export interface Batch extends Omit<BatchContent, 'picks'> {
  step: number;
  epoch: number;
  /** [n, 3, height, width]; n is the batch size but for the last batch of a pass, and `omit`ted pictures. */
  dims: [number, number, number, number];
  items: PairItem[];
  /** Gives `images` back for another batch; they must not be looked at afterwards. Not calling it is safe. */
  release(): void;
}

export interface PipelineStats {
  batches: number;
  images: number;
  /** Images handed out over the time since the first batch was there. */
  imagesPerSecond: number;
  /** Time that callers stood waiting, without the first batch. */
  waitedSeconds: number;
  /** Start of the threads and the first batch. */
  firstBatchSeconds: number;
  /** Unreadable pictures of the batches handed out, by item. */
  skipped: (Skipped & { count: number })[];
}

interface Entry {
  step: number;
  /** Asked for by a caller, not only made ahead. */
  wanted: boolean;
  promise: Promise<BatchContent>;
  resolve(content: BatchContent): void;
  reject(error: Error): void;
}

/** Opens a pipeline; close it. Throws BATCH_IMPOSSIBLE. */
export function openPipeline(options: PipelineOptions): Pipeline {
  return new Pipeline(options);
}

export class Pipeline {
  readonly batchesPerEpoch: number;
  /** Items that no batch will hold. */
  readonly unused: DroppedItem[];
  readonly #options: PipelineOptions;
  readonly #maker: BatchMaker;
  readonly #workers: Worker[];
  readonly #idle: Worker[];
  readonly #entries = new Map<number, Entry>();
  readonly #queue: Entry[] = [];
  readonly #spare: Float32Array<ArrayBuffer>[] = [];
  readonly #skipped = new Map<string, Skipped & { count: number }>();
  #busyHere = false;
  #failure: Error | undefined;
  #closed = false;
  #batches = 0;
  #images = 0;
  #imagesOfFirst = 0;
  #waited = 0;
  #firstBatch = 0;
  #firstAt = 0;
  #lastAt = 0;

  constructor(options: PipelineOptions) {
    const { workers, prefetch: _, end: __, ...forWorkers } = options;
    this.#options = options;
    this.#maker = new BatchMaker(options);
    this.batchesPerEpoch = this.#maker.plan.batchesPerEpoch;
    this.unused = this.#maker.plan.unused.map((index) => {
      const { id, file } = options.items[index];
      return { id, file, reason: 'no partner of the same source' };
    });
    this.#workers = Array.from({ length: workers }, () => {
      const worker = startWorker('data/worker.ts', { workerData: forWorkers });
      worker.on('message', (reply: Reply) => this.#receive(worker, reply));
      worker.on('error', (error) => this.#fail(error));
      worker.on('exit', () => {
        if (!this.#closed) this.#fail(new Error('a thread of the input pipeline ended'));
      });
      return worker;
    });
    this.#idle = [...this.#workers];
  }

  /** The batch of a step, from 0; any step at any time, ascending ones being ready ahead. */
  async batch(step: number): Promise<Batch> {
    if (!Number.isInteger(step) || step < 0) throw new Error(`there is no step ${step}`);
    if (this.#closed) throw new Error('the input pipeline is closed');
    if (this.#failure) throw this.#failure;
    const { prefetch, end = Number.POSITIVE_INFINITY } = this.#options;
    const last = Math.max(step, Math.min(step + prefetch, end - 1));
    for (const entry of this.#entries.values()) {
      // What was made ahead for a place that the caller has left.
      if (!entry.wanted && (entry.step < step || entry.step > last)) this.#forget(entry);
    }
    for (let ahead = step; ahead <= last; ahead++) this.#ask(ahead, ahead === step);
    this.#dispatch();
    const began = performance.now();
    const entry = this.#entries.get(step);
    if (!entry) throw new Error(`step ${step} was not asked for`);
    const content = await entry.promise.finally(() => this.#entries.delete(step));
    this.#account(content, began);
    return this.#hand(step, content);
  }

  /** Batches from one step on, endlessly or up to `to` (excluded). */
  async *batches({ from = 0, to = Number.POSITIVE_INFINITY } = {}): AsyncGenerator<Batch, void, void> {
    for (let step = from; step < to; step++) yield await this.batch(step);
  }

  stats(): PipelineStats {
    const seconds = (this.#lastAt - this.#firstAt) / 1000;
    return {
      batches: this.#batches,
      images: this.#images,
      imagesPerSecond: seconds > 0 ? (this.#images - this.#imagesOfFirst) / seconds : 0,
      waitedSeconds: this.#waited / 1000,
      firstBatchSeconds: this.#firstBatch / 1000,
      skipped: [...this.#skipped.values()],
    };
  }

  /** Ends the threads once each has finished the batch in hand. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closed = new Error('the input pipeline was closed');
    for (const entry of this.#entries.values()) entry.reject(closed);
    await Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<void>((done) => {
            if (worker.threadId === -1) return done();
            worker.once('exit', () => done());
            worker.postMessage({ kind: 'close' } satisfies Request);
          }),
      ),
    );
  }

  #ask(step: number, wanted: boolean): void {
    const known = this.#entries.get(step);
    if (known) {
      known.wanted ||= wanted;
      return;
    }
    let [resolve, reject]: [Entry['resolve'], Entry['reject']] = [() => {}, () => {}];
    const promise = new Promise<BatchContent>((yes, no) => {
      [resolve, reject] = [yes, no];
    });
    // A failure of a batch made ahead is told when it is asked for.
    promise.catch(() => {});
    const entry: Entry = { step, wanted, promise, resolve, reject };
    this.#entries.set(step, entry);
    this.#queue.push(entry);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.step);
    const at = this.#queue.indexOf(entry);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #dispatch(): void {
    if (this.#workers.length === 0) {
      if (!this.#busyHere) void this.#makeHere();
      return;
    }
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const [worker, entry] = [this.#idle.shift(), this.#queue.shift()];
      if (!worker || !entry) return;
      const reuse = this.#spare.pop();
      const request: Request = { kind: 'make', step: entry.step, reuse };
      worker.postMessage(request, reuse ? [reuse.buffer] : []);
    }
  }

  async #makeHere(): Promise<void> {
    this.#busyHere = true;
    for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) {
      await this.#maker.make(entry.step, this.#spare.pop()).then(entry.resolve, entry.reject);
    }
    this.#busyHere = false;
  }

  #receive(worker: Worker, reply: Reply): void {
    const entry = this.#entries.get(reply.step);
    if (reply.error) entry?.reject(unpackError(reply.error));
    else entry?.resolve(reply.content);
    this.#idle.push(worker);
    this.#dispatch();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const entry of this.#entries.values()) entry.reject(error);
  }

  #account({ picks, skipped }: BatchContent, began: number): void {
    const now = performance.now();
    if (this.#batches === 0) {
      this.#firstBatch = now - began;
      this.#firstAt = now;
      this.#imagesOfFirst = picks.length;
    } else {
      this.#waited += now - began;
    }
    this.#lastAt = now;
    this.#batches++;
    this.#images += picks.length;
    for (const item of skipped) {
      const known = this.#skipped.get(item.id);
      if (known) known.count++;
      else this.#skipped.set(item.id, { ...item, count: 1 });
    }
  }

  #hand(step: number, { picks, ...content }: BatchContent): Batch {
    const { size, items, prefetch } = this.#options;
    let released = false;
    return {
      ...content,
      step,
      epoch: Math.floor(step / this.batchesPerEpoch),
      dims: [picks.length, 3, size.height, size.width],
      items: picks.map((index) => items[index]),
      release: () => {
        if (!released && this.#spare.length <= prefetch) this.#spare.push(content.images);
        released = true;
      },
    };
  }
}
