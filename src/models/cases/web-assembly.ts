/** Runs a model in ONNX Runtime's browser build, which works in Node too: one thread, WebAssembly. */
import type { FloatTensor, Tensor } from '../../graph/tensor.ts';

export async function runInWebAssembly(
  model: Uint8Array,
  feeds: Record<string, FloatTensor>,
): Promise<Record<string, Tensor>> {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const given = Object.entries(feeds).map(([name, { data, dims }]) => [
    name,
    new ort.Tensor('float32', data, dims),
  ]);
  const results = await session.run(Object.fromEntries(given));
  const out = Object.entries(results).map(([name, { type, dims, data }]) => [
    name,
    { dtype: type, dims, data },
  ]);
  await session.release();
  return Object.fromEntries(out);
}
