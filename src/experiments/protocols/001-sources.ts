/** 001: trained on A, on B, on both; tested on A and on B; the naive answer beside the learning curves. */
import { join } from 'node:path';
import { readLog } from '../../train/run-log.ts';
import { protocolRecipe } from '../protocol-recipes.ts';
import { dessaScales, dessaSets, sources, testSides } from './dessa.ts';
import { curves, type Line } from './drawing.ts';
import { accuracyOf, aucOf } from './measures.ts';
import { type Cell, cell, type Protocol } from './protocol.ts';

export const sourcesProtocol: Protocol = {
  id: '001/sources',
  title: 'Trained on one set, tested on the other',
  source:
    'Towards Deepfake Detection That Actually Works (Dessa 2019), the three experiments and their learning curves',
  scales: dessaScales(
    'about five minutes on two cores',
    'recipes/protocols/001-smoke.json: ResNet-18, 150 steps of 16 pictures at 64 px, the five augmentations, on each of three training sets.',
  ),
  async run(lab) {
    const sets = await dessaSets(lab);
    const recipe = await protocolRecipe(`001-${lab.scale}`);
    const names = ['on-a', 'on-b', 'on-both'];
    const runs = await lab.train(
      names.map((name, k) => ({
        name: `resnet18-${name}`,
        set: sets.manifests[k],
        recipe: { ...recipe, data: { split: undefined } },
      })),
    );
    const { a, b } = await testSides(sets);
    const lines: Line[] = [];
    const rows: { name: string; cells: Cell[] }[] = [];
    lab.stage('scoring three runs on two test sets');
    for (const [k, name] of names.entries()) {
      const run = runs.get(`resnet18-${name}`);
      if (!run) continue;
      const [onA, onB] = [await lab.score(run, { items: a }), await lab.score(run, { items: b })];
      rows.push({
        name: `trained on ${sources[k]}`,
        cells: [aucOf(onA), aucOf(onB), accuracyOf(onA), accuracyOf(onB)].map((value) =>
          cell(undefined, value),
        ),
      });
      const log = readLog(join(run.folder, 'metrics.jsonl'));
      lines.push({
        name: `AUC, trained on ${sources[k]}`,
        points: log.flatMap((line) =>
          line.kind === 'validation' && line.metrics.auc !== undefined
            ? [[line.step, line.metrics.auc] as const]
            : [],
        ),
      });
    }
    const last = Math.max(...lines.flatMap(({ points }) => points.map(([step]) => step)));
    // "A naive approach of y = 0": its accuracy is the share of untouched pictures, its AUC one half.
    lines.push({
      name: 'naive (y = 0)',
      dashed: true,
      points: [
        [0, 0.5],
        [last, 0.5],
      ],
    });
    const naive = ({ items }: typeof a) => items.filter(({ label }) => label === 0).length / items.length;
    rows.push({
      name: 'naive (y = 0)',
      cells: [0.5, 0.5, naive(a), naive(b)].map((value) => cell(undefined, value)),
    });
    const auc = (row: number, column: number) => rows[row]?.cells[column]?.ours ?? 0.5;
    const [crossA, crossB] = [auc(0, 1), auc(1, 0)];
    const learned = auc(0, 0) > 0.6 && auc(1, 1) > 0.6;
    return {
      scored: `${a.items.length} pictures of A, ${b.items.length} of B, on the test sides`,
      tables: [
        {
          title: 'AUC and accuracy (the post prints curves; it calls .85 AUC accurate and .5 a random guess)',
          quantity: 'by picture',
          columns: ['AUC on A', 'AUC on B', 'accuracy on A', 'accuracy on B'],
          rows,
        },
      ],
      findings: [
        {
          claim: 'A network trained on A fails on B.',
          ours: `AUC on A ${auc(0, 0).toFixed(3)}, on B ${crossA.toFixed(3)}`,
          agrees: auc(0, 0) > 0.6 ? crossA < auc(0, 0) - 0.05 : undefined,
        },
        {
          claim: 'A network trained on B recognises part of A.',
          ours: `AUC on B ${auc(1, 1).toFixed(3)}, on A ${crossB.toFixed(3)}`,
          agrees: auc(1, 1) > 0.6 ? crossB > 0.55 : undefined,
        },
        {
          claim: 'Training on both serves both.',
          ours: `AUC on A ${auc(2, 0).toFixed(3)}, on B ${auc(2, 1).toFixed(3)}`,
          agrees: learned ? auc(2, 0) > crossB && auc(2, 1) > crossA : undefined,
        },
      ],
      drawings: [
        curves(
          'learning-curves.svg',
          'Validation AUC over the steps.',
          { x: 'step', y: 'AUC', from: [0, 0.3], to: [last, 1] },
          lines,
        ),
      ],
    };
  },
};
