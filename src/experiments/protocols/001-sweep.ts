/** 001: 140 runs of random search over seven choices, and their parallel coordinates. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as echarts from 'echarts';
import { readSummary, recipeOfRun } from '../../train/run.ts';
import { protocolRecipe } from '../protocol-recipes.ts';
import { sweep } from '../sweep.ts';
import { sweepSchema, sweepSchemaName } from '../sweep-file.ts';
import { dessaScales, dessaSets, sources, testSides } from './dessa.ts';
import type { Drawn } from './drawing.ts';
import { aucOf } from './measures.ts';
import { cell, meanOf, type Protocol } from './protocol.ts';

const runsWanted = 140;

interface Row {
  source: number;
  shown: Readonly<Record<string, number | string>>;
  a: number;
  b: number;
}

export const sweepProtocol: Protocol = {
  id: '001/sweep',
  title: '140 runs in parallel coordinates',
  source:
    'Towards Deepfake Detection That Actually Works (Dessa 2019), random search and parallel coordinates',
  scales: dessaScales(
    'about an hour on two cores',
    'recipes/protocols/001-smoke.json at 32 px, 140 draws of training source, batch size, steps, dropout, weight decay, learning-rate scheme and hidden layer; each run tested on A and on B.',
  ),
  async run(lab) {
    const sets = await dessaSets(lab);
    const base = await protocolRecipe(`001-${lab.scale}`);
    const smoke = lab.scale === 'smoke';
    const recipe = {
      schema: 'mesoscope.recipe/1',
      name: 'dessa',
      ...base,
      data: { layout: 'manifest', path: sets.manifests[2] },
      ...(smoke ? { size: 32, threads: 1, workers: 0, validation: { every: 20 } } : {}),
    };
    const file = sweepSchema.parse({
      schema: sweepSchemaName,
      name: 'dessa',
      recipe,
      runs: runsWanted,
      seed: lab.seed,
      parallel: lab.parallel,
      parameters: {
        'data.path': { kind: 'choice', values: [...sets.manifests], labels: ['A', 'B', 'A + B'] },
        batchSize: { kind: 'choice', values: smoke ? [8, 16, 32] : [16, 32, 64] },
        ...(smoke
          ? { steps: { kind: 'choice', values: [10, 20, 40] } }
          : { epochs: { kind: 'choice', values: [5, 10, 20] } }),
        'network.options.dropout': { kind: 'uniform', low: 0, high: 0.6 },
        'network.options.hidden': { kind: 'choice', values: [0, 128, 512] },
        'optimiser.decay': { kind: 'log-uniform', low: 0.00001, high: 0.1 },
        schedule: {
          kind: 'choice',
          values: [
            { kind: 'constant', rate: 0.001 },
            { kind: 'constant', rate: 0.0001 },
            { kind: 'cosine', rate: 0.001, warmUp: 5 },
            { kind: 'exponential', rate: 0.001 },
          ],
          labels: ['1e-3', '1e-4', 'cosine', 'exponential'],
        },
      },
    });
    lab.stage(`training ${runsWanted} runs`);
    const runs = await sweep(
      { ...file, recipe, folder: lab.data },
      {
        out: join(lab.work, 'sweep', `dessa-${lab.scale}-${lab.seed}`),
        onRun: (_, done) => lab.share(done / runsWanted, `${done} of ${runsWanted} runs`),
        ...(lab.signal ? { signal: lab.signal } : {}),
      },
    );
    lab.signal?.throwIfAborted();
    const { a, b } = await testSides(sets);
    lab.stage('scoring all runs on both test sides');
    const rows: Row[] = [];
    for (const [k, run] of runs.entries()) {
      if (run.status === 'failed' || !existsSync(join(run.folder, 'checkpoints', 'best.safetensors')))
        continue;
      const trained = {
        name: String(run.run),
        folder: run.folder,
        summary: await readSummary(run.folder),
        recipe: await recipeOfRun(run.folder),
      };
      const onA = aucOf(await lab.score(trained, { items: thinned(a) }));
      const onB = aucOf(await lab.score(trained, { items: thinned(b) }));
      const source = ['A', 'B', 'A + B'].indexOf(String(run.shown['data.path']));
      if (onA !== undefined && onB !== undefined) rows.push({ source, shown: run.shown, a: onA, b: onB });
      lab.share((k + 1) / runs.length, `run ${run.run}`);
    }
    const of = (source: number, test: 'a' | 'b') => {
      const values = rows.filter((row) => row.source === source).map((row) => row[test]);
      return { mean: meanOf(values), best: values.length ? Math.max(...values) : undefined };
    };
    const failed = runs.filter(({ status }) => status === 'failed').length;
    const [aOnB, bothOnB] = [of(0, 'b').mean, of(2, 'b').mean];
    return {
      scored: `${rows.length} runs (${failed} failed), each on ${thinned(a).items.length} pictures of A and ${thinned(b).items.length} of B`,
      tables: [
        {
          title: 'AUC over all draws of one training source (the post prints a picture)',
          quantity: 'AUC by picture',
          columns: ['mean on A', 'best on A', 'mean on B', 'best on B'],
          rows: sources.map((name, source) => ({
            name: `trained on ${name}`,
            cells: [
              of(source, 'a').mean,
              of(source, 'a').best,
              of(source, 'b').mean,
              of(source, 'b').best,
            ].map((value) => cell(undefined, value)),
          })),
        },
      ],
      findings: [
        {
          claim: 'Whatever the hyper-parameters, the training source decides: trained on A, B stays a guess.',
          ours: `mean AUC on B: trained on A ${aOnB?.toFixed(3) ?? 'unknown'}, on both ${bothOnB?.toFixed(3) ?? 'unknown'}`,
          agrees:
            aOnB === undefined || bothOnB === undefined || Math.abs(aOnB - bothOnB) < 0.01
              ? undefined
              : aOnB < bothOnB,
        },
      ],
      drawings: [parallelCoordinates(rows)],
    };
  },
};

/**
 * About 400 pictures, evenly through the list: 140 runs look at them. Each class by itself: where untouched and manipulated
 * ones alternate, every second picture is of one class.
 */
export function thinned<T extends { label: 0 | 1 }>({
  folder,
  items,
}: {
  folder: string;
  items: readonly T[];
}) {
  const each = Math.max(1, Math.ceil(items.length / 400));
  const of = (label: 0 | 1) => items.filter((item) => item.label === label).filter((_, k) => k % each === 0);
  return { folder, items: [...of(0), ...of(1)] };
}

/** 1e-5 and 0.35, not 0.00001000000000000000 and 0.35000000000000003. */
const plain = (value: number | string) =>
  typeof value === 'number' ? String(Number(value.toPrecision(3))) : value;

function parallelCoordinates(rows: readonly Row[]): Drawn {
  const keys = Object.keys(rows[0]?.shown ?? {});
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 1200, height: 560 });
  try {
    const axes = [...keys, 'AUC on A', 'AUC on B'];
    // The same for both, in steps of a twentieth, with chance in it.
    const aucs = [0.5, ...rows.flatMap(({ a, b }) => [a, b])];
    const extent = {
      min: Math.floor(Math.min(...aucs) * 20) / 20,
      max: Math.ceil(Math.max(...aucs) * 20) / 20,
    };
    chart.setOption({
      animation: false,
      backgroundColor: '#fff',
      parallel: { left: 70, right: 90, top: 60, bottom: 30 },
      parallelAxis: axes.map((name, dim) => {
        const values = rows.map(({ shown }) => shown[name]);
        const words = values.some((value) => typeof value === 'string');
        const logarithmic = name === 'optimiser.decay';
        return {
          dim,
          name: name.replace(/^.*\./, ''),
          ...(words
            ? { type: 'category', data: [...new Set(values.map(String))].sort() }
            : { type: logarithmic ? 'log' : 'value', ...(dim >= keys.length ? extent : {}) }),
          axisLabel: { formatter: plain },
        };
      }),
      series: [0, 1, 2].map((source) => ({
        type: 'parallel',
        name: sources[source],
        lineStyle: { width: 1.2, opacity: 0.6, color: ['#d55e00', '#0072b2', '#009e73'][source] },
        data: rows
          .filter((row) => row.source === source)
          .map(({ shown, a, b }) => [...keys.map((key) => shown[key]), a, b]),
      })),
    });
    const svg = chart.renderToSVGString();
    return {
      name: 'parallel-coordinates.svg',
      caption:
        'One line a run: choices on the left, AUC on both test sets on the right. Orange: trained on A, blue: on B, green: on both.',
      bytes: new TextEncoder().encode(`${svg}\n`),
    };
  } finally {
    chart.dispose();
  }
}
