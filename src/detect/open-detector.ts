/** A detector's bytes as something that scores: one `.onnx` file that carries its contract, checked at load. Runs anywhere. */
import { describe, errors } from '../base/errors.ts';
import { type FloatTensor, floats, tensor } from '../graph/tensor.ts';
import type { Picture } from '../media/types.ts';
import { openSession, type Session, type SessionOptions } from '../runtime/session.ts';
import type { Contract } from './contract.ts';
import { goldenPicture, goldenTolerance } from './golden.ts';
import { readContract } from './read-contract.ts';

export interface Scores {
  /** One probability of manipulated a picture, uncalibrated. */
  scores: Float32Array;
  /** One map a picture, where the detector has them. */
  maps?: { width: number; height: number; data: Float32Array }[];
}

export interface Detector {
  readonly path: string;
  readonly contract: Contract;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Scores pictures of exactly the contract's input size. */
  score(pictures: readonly Picture[]): Promise<Scores>;
  /** Scores `count` pictures that are normalised by the contract already: count x 3 x height x width values. */
  scoreNormalised(values: Float32Array, count: number): Promise<Scores>;
  close(): Promise<void>;
}

export interface DetectorFile {
  /** What errors call it. */
  path: string;
  bytes: Uint8Array;
  /** SHA-256 of the bytes, lower-case hex. */
  sha256: string;
}

/**
 * Opens a detector and recomputes its golden vectors.
 * @throws DETECTOR_INVALID, DETECTOR_DIFFERS, DEVICE_UNAVAILABLE
 */
export async function openDetector(file: DetectorFile, options: SessionOptions = {}): Promise<Detector> {
  const { path, bytes } = file;
  const contract = readContract(path, bytes);
  const session = await openSession(bytes, options).catch((cause) => {
    if (cause instanceof Error && cause.name === 'UserError') throw cause;
    throw errors.DETECTOR_INVALID(path, `ONNX Runtime cannot load it (${describe(cause)})`);
  });
  const detector = new OnnxDetector(path, contract, file.sha256, session);
  try {
    await checkGolden(detector);
  } catch (error) {
    await detector.close();
    if (error instanceof Error && error.name === 'UserError') throw error;
    // A contract that does not fit the network: another input, an output that is not there.
    throw errors.DETECTOR_INVALID(path, `it does not run as its contract says (${describe(error)})`);
  }
  return detector;
}

export class OnnxDetector implements Detector {
  readonly path: string;
  readonly contract: Contract;
  readonly sha256: string;
  readonly #session: Session;

  constructor(path: string, contract: Contract, hash: string, session: Session) {
    this.path = path;
    this.contract = contract;
    this.sha256 = hash;
    this.#session = session;
  }

  async score(pictures: readonly Picture[]): Promise<Scores> {
    return this.#run(normalise(pictures, this.contract.input));
  }

  scoreNormalised(values: Float32Array, count: number): Promise<Scores> {
    const { width, height } = this.contract.input;
    return this.#run(tensor(values, [count, 3, height, width]));
  }

  async #run(images: FloatTensor): Promise<Scores> {
    const outputs = await this.#session.run({ image: images });
    const scores = floats(outputs.score);
    if (this.contract.outputs.map === undefined) return { scores };
    const [, height, width] = outputs.map.dims;
    const all = floats(outputs.map);
    const maps = Array.from({ length: images.dims[0] }, (_, i) => ({
      width,
      height,
      data: all.slice(i * width * height, (i + 1) * width * height),
    }));
    return { scores, maps };
  }

  close(): Promise<void> {
    return this.#session.dispose();
  }
}

/** Pictures to [N, 3, H, W] by the contract: (byte / 255 - mean) / deviation. */
export function normalise(pictures: readonly Picture[], spec: Contract['input']): FloatTensor {
  const plane = spec.width * spec.height;
  const values = new Float32Array(pictures.length * 3 * plane);
  for (const [n, { width, height, data }] of pictures.entries()) {
    if (width !== spec.width || height !== spec.height) {
      throw new Error(`the detector wants ${spec.width}x${spec.height} pictures, not ${width}x${height}`);
    }
    for (let channel = 0; channel < 3; channel++) {
      const scale = 1 / (255 * spec.deviation[channel]);
      const shift = -spec.mean[channel] / spec.deviation[channel];
      const offset = (n * 3 + channel) * plane;
      for (let p = 0, q = channel; p < plane; p++, q += 3) values[offset + p] = data[q] * scale + shift;
    }
  }
  return tensor(values, [pictures.length, 3, spec.height, spec.width]);
}

async function checkGolden(detector: Detector): Promise<void> {
  const { golden, input: spec } = detector.contract;
  const { scores, maps } = await detector.score(
    golden.map(({ seed }) => goldenPicture(seed, spec.width, spec.height)),
  );
  for (const [i, { seed, score, mapMean }] of golden.entries()) {
    compare(detector.path, `score of golden vector ${seed}`, score, scores[i]);
    if (mapMean !== undefined)
      compare(detector.path, `map of golden vector ${seed}`, mapMean, meanOf(maps?.[i].data));
  }
}

function compare(path: string, what: string, expected: number, got: number): void {
  // Written so that NaN fails too.
  if (!(Math.abs(got - expected) <= goldenTolerance))
    throw errors.DETECTOR_DIFFERS(path, what, expected, got);
}

/** NaN where there is nothing to take a mean of. */
export function meanOf(values: Float32Array | undefined): number {
  if (values === undefined || values.length === 0) return Number.NaN;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
