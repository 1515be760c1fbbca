/**
 * Readers whose decoding runs in a worker thread: while networks look at one frame, the next ones are decoded, and
 * FFmpeg starts while the networks are loaded. Frames, order and errors are those of {@link openClip}.
 */
import { once } from 'node:events';
import type { MessagePort, Worker } from 'node:worker_threads';
import { startWorker, unpackError } from '../base/worker.ts';
import { serveSource } from './remote-source.ts';
import type { Sampling } from './sampling.ts';
import type { ReaderState, ThreadReply, ThreadRequest, WorkerNews } from './thread-messages.ts';
import type {
  ClipInfo,
  ClipReader,
  DecodeWork,
  Dropped,
  Frame,
  FrameOptions,
  OpenOptions,
  PacketScan,
} from './types.ts';

/** A request before it is numbered. */
type Ask = ThreadRequest extends infer R ? (R extends unknown ? Omit<R, 'call'> : never) : never;

interface Waiting {
  resolve(reply: ThreadReply): void;
  reject(reason: unknown): void;
}

export class ClipThread {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #numbers = 0;
  #closed = false;

  readonly #startWorker: () => Worker;

  /** @param start makes the thread; tests keep hold of it */
  constructor(start: () => Worker = () => startWorker('media/worker.ts')) {
    this.#startWorker = start;
    this.#start();
  }

  /** As {@link openClip}, errors included. Readers may be open side by side; they share the one thread. */
  async open(path: string, options: OpenOptions = {}): Promise<ClipReader> {
    const clip = ++this.#numbers;
    const { source, ...rest } = options;
    const served = source && serveSource(source);
    const how = served ? { ...rest, remote: { size: served.size, port: served.port } } : rest;
    const transfer = served ? [served.port] : [];
    const { value, error } = await this.ask({ ask: 'open', clip, path, options: how }, transfer);
    if (error) {
      served?.close();
      throw unpackError(error);
    }
    return new ThreadReader(this, clip, value as ClipInfo, () => served?.close());
  }

  /**
   * Ends the thread when it has answered what it was asked: terminating it could stop FFmpeg in the middle of a call.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (!worker) return;
    worker.ref();
    const ended = once(worker, 'exit');
    worker.postMessage('end');
    await ended;
  }

  nextNumber(): number {
    return ++this.#numbers;
  }

  ask(ask: Ask, transfer: MessagePort[] = []): Promise<ThreadReply> {
    if (this.#closed) return Promise.reject(new Error('the decoding thread is closed'));
    const worker = this.#worker ?? this.#start();
    const call = ++this.#numbers;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      // Keeps the process alive while an answer is due, and only then.
      worker.ref();
      worker.postMessage({ ...ask, call }, transfer);
    });
  }

  #start(): Worker {
    const worker = this.#startWorker();
    this.#worker = worker;
    worker.on('message', (reply: WorkerNews) => {
      if (reply === 'ready') return;
      const waiting = this.#waiting.get(reply.call);
      this.#waiting.delete(reply.call);
      if (this.#waiting.size === 0) worker.unref();
      waiting?.resolve(reply);
    });
    let cause: unknown;
    worker.on('error', (thrown) => {
      cause = thrown;
    });
    // Out of memory, or a bug: those who wait learn of it, and the next clip gets a new thread.
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      const reason = new Error('the decoding thread ended', { cause });
      for (const { reject } of waiting) reject(reason);
    });
    // Last: listening for messages keeps the process alive.
    worker.unref();
    return worker;
  }
}

class ThreadReader implements ClipReader {
  readonly info: ClipInfo;
  dropped: readonly Dropped[] = [];
  work: Readonly<DecodeWork> = { packetsDecoded: 0, framesDecoded: 0, framesConverted: 0 };
  readonly #thread: ClipThread;
  readonly #clip: number;
  #scan: Promise<PacketScan> | undefined;
  #closing: Promise<void> | undefined;
  readonly #onClose: () => void;

  constructor(thread: ClipThread, clip: number, info: ClipInfo, onClose: () => void) {
    this.#onClose = onClose;
    this.#thread = thread;
    this.#clip = clip;
    this.info = info;
  }

  scan(): Promise<PacketScan> {
    this.#scan ??= this.#ask({ ask: 'scan', clip: this.#clip }).then((value) => value as PacketScan);
    return this.#scan;
  }

  async *frames(sampling: Sampling, { signal, path }: FrameOptions = {}): AsyncGenerator<Frame, void, void> {
    signal?.throwIfAborted();
    const drawing = this.#thread.nextNumber();
    await this.#ask({ ask: 'draw', clip: this.#clip, drawing, sampling, path });
    const stop = () => this.#ask({ ask: 'stop', drawing }).catch(() => undefined);
    // Stops the decoding of a long stretch without frames, too.
    signal?.addEventListener('abort', stop);
    try {
      for (;;) {
        const frame = await this.#ask({ ask: 'next', drawing }).catch((thrown) => {
          signal?.throwIfAborted();
          throw thrown;
        });
        signal?.throwIfAborted();
        if (frame === undefined) return;
        yield frame as Frame;
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      await stop();
    }
  }

  close(): Promise<void> {
    // Where the thread is gone, so is the reader.
    this.#closing ??= this.#ask({ ask: 'close', clip: this.#clip })
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => this.#onClose());
    return this.#closing;
  }

  async #ask(ask: Ask): Promise<ThreadReply['value']> {
    const { value, state, error } = await this.#thread.ask(ask);
    if (state) this.#take(state);
    if (error) throw unpackError(error);
    return value;
  }

  #take({ dropped, work }: ReaderState): void {
    this.dropped = dropped;
    this.work = work;
  }
}
