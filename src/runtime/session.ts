/** One session interface over ONNX Runtime. Nothing outside this folder imports it. */
import type * as ort from '#onnxruntime';
import { errors } from '../base/errors.ts';
import type { Tensor } from '../graph/tensor.ts';
import { availableDevices, type Device } from './devices.ts';
import { type Engine, engineFor } from './engine.ts';

export interface SessionOptions {
  device?: Device;
  /**
   * Threads inside one operation; defaults to ONNX Runtime's choice (the physical cores). In a browser all sessions
   * share the threads of the first one.
   */
  threads?: number;
  /** Writes a Chrome trace of every operation beside this prefix; see `Session.endProfiling`. */
  profilePrefix?: string;
  /**
   * Whether idle engine threads wait busily for the next operation. Off by default: between two runs they would
   * take a core from decoding and cropping (a scan on two cores took 5.4 s with it and 3.4 s without).
   */
  spinning?: boolean;
  /** Reuse of intermediate memory costs peak memory in exchange for speed; on by default. */
  memoryArena?: boolean;
}

export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs the model. Without `fetch` all outputs come back; naming fewer computes no less but copies less.
   * Tensors in `into` receive outputs in place: no allocation, and no reading of those feeds afterwards.
   */
  run(feeds: Record<string, Tensor>, options?: RunOptions): Promise<Record<string, Tensor>>;
  endProfiling(): void;
  dispose(): Promise<void>;
}

export interface RunOptions {
  fetch?: readonly string[];
  into?: Record<string, Tensor>;
}

/** Loads a model. Throws DEVICE_UNAVAILABLE with the list of devices that this machine has. */
export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const device = options.device ?? 'cpu';
  const available = availableDevices();
  if (!available.includes(device)) throw errors.DEVICE_UNAVAILABLE(device, available.join(', '));
  const engine = await engineFor(device, options.threads);
  let session: ort.InferenceSession;
  try {
    session = await engine.open(model, {
      executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      enableCpuMemArena: options.memoryArena ?? true,
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      ...(options.profilePrefix === undefined
        ? {}
        : { enableProfiling: true, profileFilePrefix: options.profilePrefix }),
      // Denormals slow convolutions down a hundredfold once weights decay towards zero.
      extra: {
        session: {
          set_denormal_as_zero: '1',
          intra_op: { allow_spinning: options.spinning === true ? '1' : '0' },
        },
      },
    });
  } catch (cause) {
    if (device !== 'cpu') {
      const rest = available.filter((name) => name !== device);
      const error = errors.DEVICE_UNAVAILABLE(device, rest.join(', '));
      error.cause = cause;
      throw error;
    }
    throw cause;
  }
  return new OrtSession(session, engine);
}

class OrtSession implements Session {
  readonly #session: ort.InferenceSession;
  readonly #engine: Engine;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];

  constructor(session: ort.InferenceSession, engine: Engine) {
    this.#session = session;
    this.#engine = engine;
    this.inputs = session.inputNames;
    this.outputs = session.outputNames;
  }

  async run(
    feeds: Record<string, Tensor>,
    { fetch, into }: RunOptions = {},
  ): Promise<Record<string, Tensor>> {
    const given = Object.fromEntries(
      Object.entries(feeds).map(([name, value]) => [name, this.#engine.tensor(value)]),
    );
    const names = fetch ?? this.outputs;
    const wanted = Object.fromEntries(
      names.map((name) => [name, into?.[name] === undefined ? null : this.#engine.tensor(into[name])]),
    );
    const results = await this.#session.run(given, wanted);
    return Object.fromEntries(names.map((name) => [name, into?.[name] ?? fromOrt(results[name])]));
  }

  endProfiling(): void {
    this.#session.endProfiling();
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

function fromOrt(value: ort.Tensor): Tensor {
  return { dtype: value.type as Tensor['dtype'], dims: value.dims, data: value.data as Tensor['data'] };
}
