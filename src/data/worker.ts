/** A thread of the input pipeline: makes the batches that it is asked for, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PackedError, packError } from '../base/worker.ts';
import { setPictureThreads } from '../media/image.ts';
import { type BatchContent, BatchMaker, type BatchOptions } from './batch.ts';

export type Request =
  | { kind: 'make'; step: number; reuse: Float32Array<ArrayBuffer> | undefined }
  | { kind: 'close' };

export type Reply =
  | { step: number; content: BatchContent; error?: undefined }
  | { step: number; error: PackedError; content?: undefined };

const port = parentPort;
if (!port) throw new Error('data/worker.ts runs as a worker thread only');

// As many threads as workers are there already.
setPictureThreads(1);
const maker = new BatchMaker(workerData as BatchOptions);

port.on('message', async (request: Request) => {
  // Closed by its own hand, between batches: terminating a thread inside libvips would bring the process down.
  if (request.kind === 'close') return port.close();
  const { step } = request;
  try {
    const content = await maker.make(step, request.reuse);
    const { images, labels, masks } = content;
    port.postMessage({ step, content } satisfies Reply, [images.buffer, labels.buffer, masks.buffer]);
  } catch (thrown) {
    port.postMessage({ step, error: packError(thrown) } satisfies Reply);
  }
});
