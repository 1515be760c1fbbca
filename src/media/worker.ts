/** The thread that decodes: serves any number of readers to a {@link ClipThread}. */
import { parentPort } from 'node:worker_threads';
import { packError } from '../base/worker.ts';
import { openClip } from './open.ts';
import { askForSource } from './remote-source.ts';
import type { ThreadReply, ThreadRequest, WorkerNews } from './thread-messages.ts';
import type { ClipReader, Frame } from './types.ts';

/** Frames that are decoded before they are asked for: enough to even out key frames, few enough for 2160p. */
const ahead = 2;

interface Drawing {
  reader: ClipReader;
  frames: AsyncIterator<Frame>;
  /** In order; decoding goes on while the asking side looks at a frame. */
  coming: Promise<IteratorResult<Frame>>[];
  abort: AbortController;
}

const port = parentPort;
if (!port) throw new Error('this module runs as a worker thread only');
const readers = new Map<number, ClipReader>();
const drawings = new Map<number, Drawing>();

port.postMessage('ready' satisfies WorkerNews);
port.on('message', async (request: ThreadRequest | 'end') => {
  // Without a port to listen to, the thread ends by itself.
  if (request === 'end') return port.close();
  const { call } = request;
  const transfer: ArrayBuffer[] = [];
  let reply: ThreadReply;
  try {
    reply = { call, ...(await answer(request, transfer)) };
  } catch (thrown) {
    const state = stateOf(readerOf(request));
    reply = { call, error: packError(thrown), ...(state ? { state } : {}) };
  }
  port.postMessage(reply, transfer);
});

async function answer(request: ThreadRequest, transfer: ArrayBuffer[]): Promise<Omit<ThreadReply, 'call'>> {
  if (request.ask === 'open') {
    const { remote, ...options } = request.options;
    const source = remote && askForSource(remote);
    try {
      const reader = await openClip(request.path, source ? { ...options, source } : options);
      readers.set(request.clip, reader);
      return { value: reader.info };
    } catch (thrown) {
      throw source?.failure ?? thrown;
    }
  }
  if (request.ask === 'stop') {
    const drawing = drawings.get(request.drawing);
    drawings.delete(request.drawing);
    drawing?.abort.abort();
    await drawing?.frames.return?.();
    return {};
  }
  const reader = readerOf(request);
  if (!reader) throw new Error('the reader is closed');
  switch (request.ask) {
    case 'scan': {
      const value = await reader.scan();
      return { value, state: { dropped: reader.dropped, work: reader.work } };
    }
    case 'draw': {
      const abort = new AbortController();
      const { path } = request;
      const options = { signal: abort.signal, ...(path ? { path } : {}) };
      const frames = reader.frames(request.sampling, options)[Symbol.asyncIterator]();
      drawings.set(request.drawing, { reader, frames, coming: [], abort });
      return {};
    }
    case 'next': {
      const { value, done } = await nextOf(drawings.get(request.drawing) as Drawing);
      const state = { dropped: reader.dropped, work: { ...reader.work } };
      if (done) return { state };
      // FFmpeg's buffers cannot be given away; a copy can.
      const data = new Uint8Array(value.data);
      transfer.push(data.buffer);
      return { value: { ...value, data }, state };
    }
    case 'close':
      readers.delete(request.clip);
      await reader.close();
      return { state: { dropped: reader.dropped, work: reader.work } };
  }
}

function nextOf(drawing: Drawing): Promise<IteratorResult<Frame>> {
  while (drawing.coming.length <= ahead) {
    const next = drawing.frames.next();
    // What fails ahead of time is told when it is asked for.
    next.catch(() => undefined);
    drawing.coming.push(next);
  }
  return drawing.coming.shift() as Promise<IteratorResult<Frame>>;
}

function readerOf(request: ThreadRequest): ClipReader | undefined {
  return 'clip' in request ? readers.get(request.clip) : drawings.get(request.drawing)?.reader;
}

function stateOf(reader: ClipReader | undefined): ThreadReply['state'] {
  return reader && { dropped: reader.dropped, work: { ...reader.work } };
}
