/** A file's bytes between two threads: one side has the source, the other asks it through a port. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { packError, unpackError } from '../base/worker.ts';
import type { RangeAnswer, RangeAsk } from './thread-messages.ts';
import type { ByteSource } from './types.ts';

/** @returns the port to give away, and what ends the service. */
export function serveSource(source: ByteSource): { size: number; port: MessagePort; close: () => void } {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', async ({ read, at, length }: RangeAsk) => {
    try {
      const bytes = await source.read(at, length);
      port1.postMessage({ read, bytes } satisfies RangeAnswer);
    } catch (thrown) {
      port1.postMessage({ read, error: packError(thrown) } satisfies RangeAnswer);
    }
  });
  // The reader that asks keeps the process alive, not its port.
  port1.unref();
  return { size: source.size, port: port2, close: () => port1.close() };
}

/** A source that remembers what first went wrong: FFmpeg between it and the reader forgets. */
export interface RemoteSource extends ByteSource {
  readonly failure: Error | undefined;
}

export function askForSource({ size, port }: { size: number; port: MessagePort }): RemoteSource {
  const waiting = new Map<number, (answer: RangeAnswer) => void>();
  let reads = 0;
  let failure: Error | undefined;
  port.on('message', (answer: RangeAnswer) => {
    waiting.get(answer.read)?.(answer);
    waiting.delete(answer.read);
  });
  port.unref();
  return {
    size,
    get failure() {
      return failure;
    },
    read: async (at, length) => {
      const read = ++reads;
      const { bytes, error } = await new Promise<RangeAnswer>((resolve) => {
        waiting.set(read, resolve);
        port.postMessage({ read, at, length } satisfies RangeAsk);
      });
      if (bytes) return bytes;
      failure ??= unpackError(error as NonNullable<typeof error>);
      throw failure;
    },
  };
}
