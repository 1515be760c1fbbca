/**
 * Analysis that never leaves the browser: the same code as `mesoscope scan`, in a worker. The clip is read where it lies;
 * nothing is sent. See docs/local-analysis.md.
 */
import { errors } from '../../src/base/errors.ts';
import { unpackError } from '../../src/base/packed-error.ts';
import { parseSampling } from '../../src/media/sampling.ts';
import type { EngineWish, LocalReply, LocalRequest } from './messages.ts';
import { keepOffline } from './offline.ts';
import type { LocalAnalysis, LocalEngine, LocalProgress } from './types.ts';

export { forgetOffline, keepOffline } from './offline.ts';
export type { LocalAnalysis, LocalCrop, LocalEngine, LocalProgress } from './types.ts';

export interface LocalOptions {
  /** What the result calls the clip. */
  name: string;
  /** Name of a detector; the default one where left out. */
  detector?: string;
  /** As on the command line: `even:32` (the default), `fps:4`, `every:10`, `range:10+101`, `keyframes`. */
  sampling?: string;
  onProgress?: (progress: LocalProgress) => void;
  signal?: AbortSignal;
  /** Threads of WebAssembly, counted when it is first used; half the cores, up to four, where left out. */
  threads?: number;
  /** The graphics chip where there is one, else the processor, where left out. Counted when the networks are first used. */
  device?: 'cpu' | 'webgpu';
}

/** What this page lacks for local analysis, in words; undefined where it can be done. */
export function whyNotLocal(): string | undefined {
  if (!globalThis.isSecureContext) return 'a secure connection (https or localhost)';
  if (typeof Worker === 'undefined') return 'web workers';
  if (typeof WebAssembly === 'undefined') return 'WebAssembly';
  if (typeof VideoDecoder === 'undefined') return 'WebCodecs';
  if (typeof OffscreenCanvas === 'undefined') return 'OffscreenCanvas';
  return undefined;
}

/**
 * Analyses one clip. Several may be asked for: they are done one after the other. What is wrong with the clip is in the
 * result (`status: 'error'`, with a code), never a score.
 *
 * Throws LOCAL_UNSUPPORTED, LOCAL_FILE_MISSING, LOCAL_STOPPED, SAMPLING_INVALID, DETECTOR_INVALID, DETECTOR_DIFFERS, and
 * the signal's reason after an abort.
 */
export async function analyseLocally(clip: Blob, options: LocalOptions): Promise<LocalAnalysis> {
  const { name, detector } = options;
  const sampling = options.sampling === undefined ? undefined : parseSampling(options.sampling);
  const site = siteUrl();
  const reply = await ask(
    (call) => ({ ask: 'analyse', call, site, clip, name, detector, sampling, engine: wishOf(options) }),
    options,
  );
  if (!('analysis' in reply)) throw new Error('the worker answered something else');
  const { result, engine: used } = reply.analysis;
  if (result.error?.code !== 'INTERNAL') return reply.analysis;
  // Memory that ran out leaves the engine broken: the next clip gets a new one.
  worn = true;
  if (used.device === 'cpu' || options.device === 'webgpu' || pending.size > 0) return reply.analysis;
  // A driver can fail after its golden vectors were right: the processor is asked instead, from now on.
  chipFailed = true;
  return analyseLocally(clip, options);
}

/** Loads everything that an analysis needs, ahead of the first clip; tells what it runs on. Throws as an analysis does. */
export async function prepareLocal(
  options: Omit<LocalOptions, 'name' | 'sampling'> = {},
): Promise<LocalEngine> {
  const { detector } = options;
  const site = siteUrl();
  const engine = wishOf(options);
  const reply = await ask((call) => ({ ask: 'prepare', call, site, detector, engine }), options);
  if (!('engine' in reply)) throw new Error('the worker answered something else');
  return reply.engine;
}

/** Ends the worker and frees its memory; what it was doing fails with LOCAL_STOPPED. */
export function closeLocal(): void {
  fail(errors.LOCAL_STOPPED('closed'));
}

const wishOf = ({ device, threads }: Pick<LocalOptions, 'device' | 'threads'>): EngineWish => ({
  device: device ?? (chipFailed ? 'cpu' : undefined),
  threads,
});

const siteUrl = () => new URL('/', globalThis.location.href).href;

interface Pending {
  resolve(reply: LocalReply): void;
  reject(reason: unknown): void;
  onProgress: ((progress: LocalProgress) => void) | undefined;
}

const pending = new Map<number, Pending>();
let worker: Worker | undefined;
/** The worker has met a bug: it is replaced once nobody waits for it. */
let worn = false;
/** The graphics chip failed in the middle of a clip. */
let chipFailed = false;
let calls = 0;

async function ask(
  request: (call: number) => LocalRequest,
  { onProgress, signal }: Pick<LocalOptions, 'onProgress' | 'signal'>,
): Promise<LocalReply> {
  signal?.throwIfAborted();
  const missing = whyNotLocal();
  if (missing) throw errors.LOCAL_UNSUPPORTED(missing);
  // First, so that what the worker fetches is kept.
  if (!worker) await keepOffline();
  signal?.throwIfAborted();
  if (worn && pending.size === 0) stop();
  const call = ++calls;
  worker ??= start();
  const running = worker;
  const aborted = () => {
    running.postMessage({ ask: 'abort', call } satisfies LocalRequest);
    pending.get(call)?.reject(signal?.reason);
    pending.delete(call);
  };
  try {
    return await new Promise<LocalReply>((resolve, reject) => {
      pending.set(call, { resolve, reject, onProgress });
      signal?.addEventListener('abort', aborted);
      running.postMessage(request(call));
    });
  } finally {
    signal?.removeEventListener('abort', aborted);
  }
}

function start(): Worker {
  const started = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'mesoscope' });
  started.onmessage = ({ data: reply }: MessageEvent<LocalReply>) => {
    const waiting = pending.get(reply.call);
    if (!waiting) return;
    if ('progress' in reply) {
      waiting.onProgress?.(reply.progress);
      return;
    }
    pending.delete(reply.call);
    if ('error' in reply) waiting.reject(unpackError(reply.error));
    else waiting.resolve(reply);
  };
  started.onerror = (event) => fail(errors.LOCAL_STOPPED(event.message || 'its worker failed'));
  return started;
}

function fail(reason: Error): void {
  stop();
  for (const { reject } of pending.values()) reject(reason);
  pending.clear();
}

function stop(): void {
  worker?.terminate();
  worker = undefined;
  worn = false;
}
