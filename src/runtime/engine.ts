/** The build of ONNX Runtime that runs a device: one in Node; in a browser one with WebGPU, and a smaller one without. */
import * as plain from '#onnxruntime';
import type { Tensor } from '../graph/tensor.ts';
import type { Device } from './devices.ts';

// From 1.29 on, ONNX Runtime's builds for Linux and macOS tell their maker of every session (names and hashes of models,
// the machine) unless this is set before the first one. Nothing of ours leaves a machine unasked. The browser's build
// tells nobody, and there is no `process` there.
if (globalThis.process?.env) globalThis.process.env.ORT_DISABLE_TELEMETRY = '1';

export interface Engine {
  open(model: Uint8Array, options: plain.InferenceSession.SessionOptions): Promise<plain.InferenceSession>;
  /** Wraps without copying: ONNX Runtime reads the caller's memory. */
  tensor(value: Tensor): plain.Tensor;
}

/** ONNX Runtime's own files, for a browser. */
export interface EngineFiles {
  /** URL of the folder of its loader, with `/` at its end. */
  folder: string;
  /** The `.wasm`, fetched already: nothing is fetched twice, and how far it is can be shown. */
  wasm: ArrayBuffer;
}

/** To be called before the first session of a device is opened. */
export function placeEngine(device: Device, files: EngineFiles): void {
  places.set(device, files);
}

const places = new Map<Device, EngineFiles>();
let webgpu: Promise<Engine> | undefined;
const cpu = engineOf(plain);

export async function engineFor(device: Device, threads: number | undefined): Promise<Engine> {
  if (device !== 'webgpu') {
    prepare(plain, 'cpu', threads);
    return cpu;
  }
  webgpu ??= import('#onnxruntime-webgpu').then((build) => {
    prepare(build, 'webgpu', threads);
    return engineOf(build, true);
  });
  return webgpu;
}

/** Settings of WebAssembly, which count until the first session is opened; Node's build has none to heed. */
function prepare({ env }: typeof plain, device: Device, threads: number | undefined): void {
  const files = places.get(device);
  if (files) {
    env.wasm.wasmPaths = files.folder;
    env.wasm.wasmBinary = files.wasm;
  }
  if (threads !== undefined) env.wasm.numThreads = threads;
}

/** @param queued opens one session at a time, as WebGPU in a browser asks for */
function engineOf({ InferenceSession, Tensor: OrtTensor }: typeof plain, queued = false): Engine {
  let last: Promise<unknown> = Promise.resolve();
  return {
    open(model, options) {
      if (!queued) return InferenceSession.create(model, options);
      const opened = last.then(() => InferenceSession.create(model, options));
      last = opened.catch(() => undefined);
      return opened;
    },
    tensor: ({ dtype, data, dims }) =>
      new OrtTensor(dtype as 'float32', data as Float32Array, dims as number[]),
  };
}
