/** The build of ONNX Runtime that runs a device: one in Node; in a browser one with WebGPU, and a smaller one without. */
import * as plain from '#onnxruntime';
import type { Tensor } from '../graph/tensor.ts';
import type { Device } from './devices.ts';

export interface Engine {
  open(model: Uint8Array, options: plain.InferenceSession.SessionOptions): Promise<plain.InferenceSession>;
  /** Wraps without copying: ONNX Runtime reads the caller's memory. */
  tensor(value: Tensor): plain.Tensor;
}

/** Where a browser finds ONNX Runtime's `.wasm` and its loader: a folder's URL, with `/` at its end. */
export function placeEngine(folder: string): void {
  place = folder;
}

let place: string | undefined;
let webgpu: Promise<Engine> | undefined;
const cpu = engineOf(plain);

export async function engineFor(device: Device, threads: number | undefined): Promise<Engine> {
  if (device !== 'webgpu') {
    prepare(plain, threads);
    return cpu;
  }
  webgpu ??= import('#onnxruntime-webgpu').then((build) => {
    prepare(build, threads);
    return engineOf(build, true);
  });
  return webgpu;
}

/** Settings of WebAssembly, which count until the first session is opened; Node's build has none to heed. */
function prepare({ env }: typeof plain, threads: number | undefined): void {
  if (place !== undefined) env.wasm.wasmPaths = place;
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
