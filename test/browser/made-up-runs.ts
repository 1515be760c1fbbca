/** Three small run records, for the runs explorer. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function writeRuns(folder: string): Promise<void> {
  for (const [i, rate] of [0.001, 0.01, 0.1].entries()) {
    const run = join(folder, `run-${i}`);
    await mkdir(run, { recursive: true });
    const recipe = {
      network: { name: 'meso4' },
      loss: { kind: 'cross-entropy' },
      validation: { metric: 'auc' },
    };
    await writeFile(join(run, 'recipe.json'), JSON.stringify(recipe));
    await writeFile(
      join(run, 'draw.json'),
      JSON.stringify({ shown: { rate, schedule: i ? 'cosine' : 'constant' } }),
    );
    const lines = [0, 10, 20].flatMap((step) => [
      { kind: 'train', step, loss: 0.7 - 0.01 * i - step / 100, rate, stepMs: 100 },
      {
        kind: 'validation',
        step,
        metrics: { auc: 0.5 + 0.02 * i + step / 200, 'log-loss': 0.69 },
        seconds: 1,
      },
    ]);
    await writeFile(join(run, 'metrics.jsonl'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  }
}
