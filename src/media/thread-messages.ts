/** What a {@link ClipThread} and its worker say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { PackedError } from '../base/worker.ts';
import type { Sampling } from './sampling.ts';
import type { ClipInfo, DecodeWork, Dropped, Frame, FrameOptions, OpenOptions, PacketScan } from './types.ts';

/** `clip` and `drawing` are numbers that the asking side gives. */
export type ThreadRequest = { call: number } & (
  | { ask: 'open'; clip: number; path: string; options: ThreadOpenOptions }
  | { ask: 'scan'; clip: number }
  | { ask: 'draw'; clip: number; drawing: number; sampling: Sampling; path: FrameOptions['path'] }
  | { ask: 'next'; drawing: number }
  | { ask: 'stop'; drawing: number }
  | { ask: 'close'; clip: number }
);

/** A source stays on the asking side: the thread asks for its bytes through a port. */
export interface ThreadOpenOptions extends Omit<OpenOptions, 'source'> {
  remote?: { size: number; port: MessagePort };
}

export interface RangeAsk {
  read: number;
  at: number;
  length: number;
}

/** Without bytes where they could not be had. */
export interface RangeAnswer {
  read: number;
  bytes?: Uint8Array;
  error?: PackedError;
}

/** How a reader stands after a call. */
export interface ReaderState {
  dropped: readonly Dropped[];
  work: Readonly<DecodeWork>;
}

/** The answer to `open` is the info, to `scan` the scan, to `next` a frame or nothing at the end. */
export interface ThreadReply {
  call: number;
  value?: ClipInfo | PacketScan | Frame | undefined;
  state?: ReaderState;
  error?: PackedError;
}

/** What a worker says; `ready` once, when it is loaded. */
export type WorkerNews = ThreadReply | 'ready';
