/** 003, Table 4: segmenters from pretrained weights and from scratch. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { protocolRecipe } from '../protocol-recipes.ts';
import type { Laboratory } from './laboratory.ts';
import { iousOf, marksAnything, ofMethod } from './measures.ts';
import { cell, meanOf, type Protocol } from './protocol.ts';
import { generated, methodName, methods } from './sets.ts';
import { scoreZooming, trainZooming, zoomingRecipes, zoomingScales } from './zooming.ts';

/** The paper's averages are missing a column in two rows; what is printed is here. */
const rowsOf = [
  {
    title: 'Xception',
    name: 'xception',
    pretrained: [89.32, 88.18, 87.7, 62.81, 99.95, 85.59],
    scratch: [88.72, 87.88, 88.7, 62.84, 99.74, 85.57],
  },
  {
    title: 'VGG5',
    name: 'vgg5',
    pretrained: [95.78, 96.21, 94.81, 75.6, 99.86, 92.45],
    scratch: [95.69, 96.2, 94.75, 75.35, 99.86, 92.37],
  },
  {
    title: 'VGG8',
    name: 'vgg8',
    pretrained: [94.68, 95.21, 94.33, 76.04, 99.31, 91.91],
    scratch: [95.67, 95.93, 95.06, 75.18, 99.83, 92.33],
  },
];

const scales = zoomingScales('about ten minutes on two cores after table 1, whose runs it uses');

export const table4: Protocol = {
  id: '003/table4',
  title: 'Pretrained or from scratch',
  source: 'Zooming into Face Forensics (Li et al. 2019), Table 4',
  scales: {
    smoke: {
      ...scales.smoke,
      differs: [
        ...scales.smoke.differs,
        'ImageNet weights cannot be had here: “pretrained” starts from the same network trained for 200 steps to tell StyleGAN2’s portraits from photographs, another task than the one it is then trained for.',
      ],
    },
    paper: {
      ...scales.paper,
      setting: `${scales.paper.setting} ImageNet weights are read from imagenet-xception.safetensors, imagenet-vgg5.safetensors and imagenet-vgg8.safetensors beside the data.`,
    },
  },
  async run(lab) {
    const names = rowsOf.map(({ name }) => name);
    const weights = await startingWeights(lab, names);
    const scratch = await trainZooming(lab, names, ['seg']);
    const pretrained = await trainZooming(lab, names, ['seg'], {
      suffix: '-pretrained',
      weights: (network) => weights.get(network) ?? '',
    });
    const scored = await scoreZooming(lab, new Map([...scratch, ...pretrained]));
    const columns = [...methods.map((method) => methodName(lab, method)), 'original'];
    const rows = rowsOf.flatMap(({ title, name, ...published }) =>
      (['pretrained', 'scratch'] as const).map((how) => {
        const key = `${name}-seg${how === 'scratch' ? '' : '-pretrained'}`;
        const values = columns.map((method) => iousOf(ofMethod(scored.get(key) ?? [], method)).mean);
        return {
          name: `${title} (${how === 'scratch' ? 'non-pretrained' : how})`,
          cells: [...values, meanOf(values)].map((value, k) => cell(published[how][k], value && value * 100)),
        };
      }),
    );
    const gaps = rowsOf.map((_, k) =>
      Math.abs((rows[2 * k].cells[5].ours ?? 0) - (rows[2 * k + 1].cells[5].ours ?? 0)),
    );
    const marks = [...scored.values()].every(marksAnything);
    const [first] = scored.values();
    return {
      scored: `${first.length} pictures of the test side`,
      tables: [
        {
          title: 'Mean IoU',
          quantity: 'mean IoU, %',
          columns: [...methods.map(({ short }) => short), 'P', 'Avg'],
          rows,
        },
      ],
      findings: [
        {
          claim: 'Pretraining makes little difference (under a point).',
          ours: `differences of the averages: ${gaps.map((gap) => gap.toFixed(1)).join(', ')} points${marks ? '' : '; some of them mark nothing yet'}`,
          agrees: marks ? Math.max(...gaps) < 2 : undefined,
        },
      ],
      drawings: [],
    };
  },
};

async function startingWeights(lab: Laboratory, names: readonly string[]): Promise<Map<string, string>> {
  if (lab.scale === 'paper') {
    const file = (name: string) => join(lab.data, '..', `imagenet-${name}.safetensors`);
    return new Map(
      names.map((name) => [
        name,
        existsSync(file(name)) ? file(name) : lab.inData(`imagenet-${name}.safetensors`),
      ]),
    );
  }
  const set = await generated(lab, 96);
  const recipe = await protocolRecipe('003-smoke');
  const recipes = zoomingRecipes(recipe, names, ['cls']);
  const runs = await lab.train(
    [...recipes].map(([name, own]) => ({
      name: `${name}-portraits`,
      set,
      recipe: { ...own, sampling: { kind: 'balanced' }, augmentBy: 'item' },
    })),
  );
  return new Map(
    names.map((name) => [
      name,
      join(runs.get(`${name}-cls-portraits`)?.folder ?? '', 'checkpoints', 'best.safetensors'),
    ]),
  );
}
