import * as ort from '#onnxruntime';

export const devices = ['cpu', 'webgpu', 'cuda'] as const;
export type Device = (typeof devices)[number];

/**
 * The devices that this build of ONNX Runtime carries. Opening a session is the only sure test of a device:
 * a listed one can still lack its driver, and then `openSession` says so.
 */
export function availableDevices(): Device[] {
  // Only the Node build can tell; the browser build carries WebAssembly (our "cpu") and WebGPU.
  const list = (ort as { listSupportedBackends?: () => { name: string; bundled: boolean }[] })
    .listSupportedBackends;
  if (!list) return 'gpu' in globalThis.navigator ? ['cpu', 'webgpu'] : ['cpu'];
  const names = list().map((backend) => backend.name);
  return devices.filter((device) => names.includes(device));
}
