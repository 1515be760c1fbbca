/** The blocked layout that ONNX Runtime's CPU convolutions prefer, where this machine has one. */
import { OnnxBuilder } from '../graph/onnx/builder.ts';
import { floats, tensor } from '../graph/tensor.ts';
import { openSession } from './session.ts';

let found: Promise<number | undefined> | undefined;

/**
 * Channels in a block of ONNX Runtime's blocked layout: 16 with AVX-512, 8 with AVX2; undefined where ONNX Runtime has
 * no such layout (its browser build, other processors). For `EmitOptions.channelBlock` of models that run on the CPU.
 */
export function channelBlock(): Promise<number | undefined> {
  found ??= probe();
  return found;
}

/**
 * ONNX Runtime does not tell, so 64 channels of two pixels are reordered: [C / b, pixels, b] puts the second pixel of
 * channel 0 after the first pixels of a block.
 */
async function probe(): Promise<number | undefined> {
  const onnx = new OnnxBuilder();
  const channels = 64;
  onnx.input('x', 'float32', [1, channels, 1, 2]);
  const reordered = onnx.node('ReorderInput', ['x'], {}, 'com.microsoft.nchwc');
  onnx.output('y', reordered, 'float32', [1, channels, 1, 2]);
  try {
    const session = await openSession(onnx.build('probe'), { threads: 1 });
    try {
      const x = tensor(
        Array.from({ length: 2 * channels }, (_, i) => i),
        [1, channels, 1, 2],
      );
      const block = floats((await session.run({ x })).y).indexOf(1);
      return block > 1 ? block : undefined;
    } finally {
      await session.dispose();
    }
  } catch {
    // A build without these operations refuses the model: then there is no such layout.
    return undefined;
  }
}
