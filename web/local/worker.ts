/** The worker in which local analysis runs: one clip at a time, the networks opened once. */
import { packError } from '../../src/base/packed-error.ts';
import { resultSchema } from '../../src/detect/result.ts';
import { cropPictures, LocalMaps } from './evidence.ts';
import type { LocalReply, LocalRequest } from './messages.ts';
import { LocalScanner } from './scanner.ts';
import type { LocalAnalysis, LocalProgress } from './types.ts';

/** `DedicatedWorkerGlobalScope`, of which TypeScript's page library knows nothing. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<LocalRequest>) => void;
  postMessage(message: LocalReply): void;
};

/** What was asked for and is not answered. */
const running = new Map<number, AbortController>();
let scanner: Promise<LocalScanner> | undefined;
/** The last analysis in the queue. */
let last: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data: request }) => {
  if (request.ask === 'abort') {
    running.get(request.call)?.abort();
    return;
  }
  const abort = new AbortController();
  running.set(request.call, abort);
  const onProgress = (progress: LocalProgress) => scope.postMessage({ call: request.call, progress });
  const answer = async (): Promise<LocalReply> => {
    if (request.ask === 'prepare') {
      return { call: request.call, engine: (await opened(request, onProgress)).engine };
    }
    return { call: request.call, analysis: await analyse(request, abort.signal, onProgress) };
  };
  if (running.size > 1) onProgress({ stage: 'wait', done: 0, total: 0 });
  last = last
    .then(answer)
    .catch((thrown): LocalReply => ({ call: request.call, error: packError(thrown) }))
    .then((reply) => {
      running.delete(request.call);
      scope.postMessage(reply);
    });
};

type Opening = Extract<LocalRequest, { site: string }>;

function opened(
  { site, detector, engine }: Opening,
  onProgress: (progress: LocalProgress) => void,
): Promise<LocalScanner> {
  if (!scanner) {
    scanner = LocalScanner.open(
      site,
      detector,
      { ...engine, threads: threadsFor(engine.threads) },
      onProgress,
    );
    // What could not be loaded now may be later.
    scanner.catch(() => {
      scanner = undefined;
    });
  }
  return scanner;
}

/**
 * Threads of WebAssembly need memory that they share, which only an isolated page may have. Half the cores, four at most:
 * ONNX Runtime's threads wait busily in a browser, and decoding needs a core too (bench/results/local-analysis.json).
 */
function threadsFor(wanted: number | undefined): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return wanted ?? Math.max(1, Math.min(4, Math.ceil(navigator.hardwareConcurrency / 2)));
}

async function analyse(
  request: Extract<LocalRequest, { ask: 'analyse' }>,
  signal: AbortSignal,
  onProgress: (progress: LocalProgress) => void,
): Promise<LocalAnalysis> {
  signal.throwIfAborted();
  const { name, sampling } = request;
  const local = await opened(request, onProgress);
  const detector = await local.detector(request.detector);
  signal.throwIfAborted();
  const kept = new LocalMaps();
  const { result, evidence } = await local.scan(request.clip, {
    name,
    detector,
    sampling,
    signal,
    onProgress,
    onFace: (face) => kept.take(face),
  });
  const maps = await kept.pictures(result);
  return {
    result: resultSchema.parse(result),
    contract: detector.contract,
    evidence: await cropPictures(evidence, maps),
    maps,
    engine: local.engine,
  };
}
