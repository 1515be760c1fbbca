/** The networks, opened once in the worker, and clips scanned with them: `detect/scanner.ts` for a browser. */
import { describe } from '../../src/base/errors.ts';
import { type Detector, openDetector } from '../../src/detect/open-detector.ts';
import { scanClip } from '../../src/detect/scan-clip.ts';
import type { ClipAnalysis, EvidenceCrop, ScanProgress } from '../../src/detect/types.ts';
import { FaceFinder } from '../../src/faces/finder.ts';
import { openBlob } from '../../src/media/browser/open.ts';
import { defaultSampling, type Sampling } from '../../src/media/sampling.ts';
import { placeEngine } from '../../src/runtime/engine.ts';
import { LocalFiles, sha256OfBlob } from './files.ts';
import { engineFolder } from './manifest.ts';
import type { EngineWish } from './messages.ts';
import type { LocalEngine, LocalProgress } from './types.ts';

export interface LocalScanOptions {
  name: string;
  detector: Detector;
  sampling: Sampling | undefined;
  signal: AbortSignal;
  onProgress: (progress: ScanProgress) => void;
  /** Told of every scored face. */
  onFace: (face: EvidenceCrop) => void;
}

export class LocalScanner {
  readonly engine: LocalEngine;
  readonly #files: LocalFiles;
  readonly #finder: FaceFinder;
  readonly #detectors = new Map<string, Promise<Detector>>();

  private constructor(files: LocalFiles, engine: LocalEngine, finder: FaceFinder) {
    this.#files = files;
    this.engine = engine;
    this.#finder = finder;
  }

  /**
   * Fetches everything that any clip needs, so that nothing is fetched afterwards, and opens the networks: on the
   * graphics chip where there is one that gives the right answers, else with WebAssembly.
   *
   * Throws LOCAL_FILE_MISSING, DETECTOR_INVALID, DETECTOR_DIFFERS and what the face networks throw.
   */
  static async open(
    site: string,
    detector: string | undefined,
    wish: EngineWish & { threads: number },
    onProgress: (progress: LocalProgress) => void,
  ): Promise<LocalScanner> {
    let done = 0;
    let total = 0;
    const files = await LocalFiles.open(site, (bytes) => {
      done += bytes;
      onProgress({ stage: 'load', done, total: Math.max(done, total) });
    });
    const { manifest } = files;
    const name = detector ?? manifest.defaultDetector;
    const { threads } = wish;
    const device = wish.device ?? ((await graphicsChip()) ? 'webgpu' : 'cpu');
    total = [...manifest.faces, manifest.engine[device], ...manifest.detectors.filter((d) => d.name === name)]
      .map(({ bytes }) => bytes)
      .reduce((sum, bytes) => sum + bytes, 0);
    onProgress({ stage: 'load', done, total });
    const open = async (engine: LocalEngine) => {
      const faces = files.faces();
      const [models, wasm] = await Promise.all([faces, files.read(manifest.engine[engine.device].path)]);
      placeEngine(engine.device, { folder: files.url(engineFolder), wasm: wasm.buffer });
      const finder = await FaceFinder.open({ files: models, ...engine });
      const scanner = new LocalScanner(files, engine, finder);
      try {
        await scanner.detector(name);
      } catch (thrown) {
        await finder.close();
        throw thrown;
      }
      files.forget(manifest.engine[engine.device]);
      return scanner;
    };
    if (device === 'cpu') return open({ device, threads });
    try {
      return await open({ device, threads });
    } catch (cause) {
      // Drivers differ; what they compute is checked by the golden vectors, and WebAssembly is always there.
      return open({ device: 'cpu', threads, note: `WebGPU is not used: ${describe(cause)}` });
    }
  }

  /** A detector of the manifest, or one that the server names otherwise; opened once and kept. */
  detector(name: string = this.#files.manifest.defaultDetector): Promise<Detector> {
    let detector = this.#detectors.get(name);
    if (!detector) {
      detector = this.#openDetector(name);
      this.#detectors.set(name, detector);
      detector.catch(() => this.#detectors.delete(name));
    }
    return detector;
  }

  async #openDetector(name: string): Promise<Detector> {
    const listed = this.#files.manifest.detectors.find((one) => one.name === name);
    const path = listed?.path ?? `api/detectors/${encodeURIComponent(name)}/model.onnx`;
    const bytes = await this.#files.read(path);
    const sha256 = await sha256OfBlob(new Blob([bytes]));
    return openDetector({ path: this.#files.url(path), bytes, sha256 }, this.engine);
  }

  /** Bad clips end in a result with the status `error`. Throws the signal's reason after an abort. */
  scan(clip: Blob, { name, detector, ...options }: LocalScanOptions): Promise<ClipAnalysis> {
    return scanClip(name, {
      ...options,
      detector,
      finder: this.#finder,
      aggregation: detector.contract.aggregation,
      sampling: options.sampling ?? defaultSampling,
      seed: 0,
      threads: this.engine.threads,
      open: (_, how) => openBlob(clip, name, how),
      hash: () => sha256OfBlob(clip),
      version: this.#files.manifest.version,
    });
  }
}

/** WebGPU's types are in no library of TypeScript yet; this is what is asked of it. */
interface GpuNavigator {
  gpu?: { requestAdapter(): Promise<{ info?: { isFallbackAdapter?: boolean } } | null> };
}

/** Whether there is a graphics chip; one that is emulated on the processor is slower than WebAssembly. */
async function graphicsChip(): Promise<boolean> {
  const adapter = await (navigator as GpuNavigator).gpu?.requestAdapter().catch(() => null);
  return adapter != null && adapter.info?.isFallbackAdapter !== true;
}
