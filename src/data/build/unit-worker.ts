/** The worker's half of a build: makes the units that it is asked for, one at a time, and writes their parts. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PackedError, packError } from '../../base/worker.ts';
import { setPictureThreads } from '../../media/image.ts';
import { type PartRecord, type UnitResult, writePart } from './part.ts';

export interface UnitRequest {
  unit: number;
  /** The unit's plain data; undefined asks the worker to close. */
  data: unknown;
}

export type UnitReply =
  | { unit: number; part: PartRecord; error?: undefined }
  | { unit: number; error: PackedError; part?: undefined };

export interface UnitWorkerData<S> {
  buildFolder: string;
  settings: S;
}

/** Serves a build. `open` runs once, at the first unit; what it throws fails the build, as do errors of `make`. */
export function serveUnits<S, U>(
  open: (settings: S) => Promise<{ make(unit: U): Promise<UnitResult>; close(): Promise<void> }>,
): void {
  const port = parentPort;
  if (!port) throw new Error('this module runs as a worker thread only');
  // As many threads as workers are there already.
  setPictureThreads(1);
  const { buildFolder, settings } = workerData as UnitWorkerData<S>;
  let maker: ReturnType<typeof open> | undefined;
  port.on('message', async ({ unit, data }: UnitRequest) => {
    try {
      if (data === undefined) {
        await maker?.then((it) => it.close()).catch(() => undefined);
        return port.close();
      }
      maker ??= open(settings);
      const part = await writePart(buildFolder, unit, await (await maker).make(data as U));
      port.postMessage({ unit, part } satisfies UnitReply);
    } catch (thrown) {
      port.postMessage({ unit, error: packError(thrown) } satisfies UnitReply);
    }
  });
}
