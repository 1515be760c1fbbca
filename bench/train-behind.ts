/** Meso-4's training step fed by a pipeline: what share of its time it waits for pictures. */
import type { Pipeline } from '../src/data/pipeline.ts';
import { initialWeights } from '../src/graph/scope.ts';
import { networkNamed } from '../src/models/index.ts';
import { lossSchema } from '../src/train/losses/index.ts';
import { optimiserSchema } from '../src/train/optimisers/index.ts';
import { buildStep } from '../src/train/step.ts';
import { Trainer } from '../src/train/trainer.ts';

const round = (value: number) => Math.round(value * 1000) / 1000;

/** Closes the pipeline. The first batch, for which the threads start, is not counted. */
export async function trainBehind(
  pipeline: Pipeline,
  { size, batchSize, batches }: { size: number; batchSize: number; batches: number },
): Promise<{ imagesPerSecond: number; waitShare: number; loss: number }> {
  const network = networkNamed('meso4');
  const step = {
    network,
    options: network.options.parse({}) as Record<string, unknown>,
    batchSize,
    size,
    loss: lossSchema.parse({ kind: 'cross-entropy' }),
    optimiser: optimiserSchema.parse({ kind: 'adam' }),
  };
  const initial = initialWeights(buildStep(step).parameters, 1);
  const trainer = await Trainer.open({ step, initial, seed: 1, session: { threads: 1 } });
  let loss = Number.NaN;
  let began = 0;
  try {
    for (let n = 0; n < batches; n++) {
      const batch = await pipeline.batch(n);
      if (n === 0) began = performance.now();
      loss = (await trainer.step(batch, n, 0.001, n + 1)).loss;
      batch.release();
    }
  } finally {
    await pipeline.close();
    await trainer.dispose();
  }
  const seconds = (performance.now() - began) / 1000;
  const { waitedSeconds } = pipeline.stats();
  return {
    imagesPerSecond: round((batches * batchSize) / seconds),
    waitShare: round(waitedSeconds / seconds),
    loss: round(loss),
  };
}
