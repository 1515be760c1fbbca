/** 002: Xception in two phases; accuracy and log loss on all three sides. */
import { join } from 'node:path';
import { protocolRecipe } from '../protocol-recipes.ts';
import { accuracyOf, logLossOf } from './measures.ts';
import { cell, type Protocol } from './protocol.ts';
import { fourMethods, fourMethodsDiffers } from './sets.ts';

const published = { train: [1, 0.058], validation: [0.9663, 0.133], test: [0.991, 0.078] } as const;

export const results: Protocol = {
  id: '002/results',
  title: 'Xception in two phases',
  source: 'Detection of face manipulated videos using deep learning (2019), results',
  scales: {
    smoke: {
      setting:
        'recipes/protocols/002-smoke.json: Xception at 96 px, 120 steps of 16 pictures at 2e-4 for all layers, then 60 steps of a new 2-way layer on frozen features.',
      cost: 'about six minutes on two cores',
      differs: [
        ...fourMethodsDiffers,
        'From scratch: there are no ImageNet weights here. 96 px in place of 299, 180 steps in place of 18 epochs.',
      ],
    },
    paper: {
      setting:
        'recipes/protocols/002-paper.json: FaceForensics++ raw (the folder that --data names), 101 frames a video from the 10th, balanced 80/20 split of the videos before preprocessing, 3 epochs of all layers and 15 of a new 2-way layer; ImageNet weights as weights/xception.safetensors below it.',
      cost: 'a day on a GPU',
      differs: ['The post took 100 videos of its own choice; how many come here is what --data holds.'],
    },
  },
  async run(lab) {
    const set = await fourMethods(lab, {
      crop: 'square:1.3',
      sampling: { kind: 'range', start: 10, count: 101 },
      size: 299,
      compression: 'raw',
    });
    const recipe = await protocolRecipe(`002-${lab.scale}`);
    const [first] = (await lab.train([{ name: 'xception-all', set, recipe }])).values();
    const second = {
      ...recipe,
      init: { weights: join(first.folder, 'checkpoints', 'best.safetensors'), except: ['classifier'] },
      freeze: ['*', '!classifier'],
      ...(lab.scale === 'paper' ? { epochs: 15 } : { steps: 60 }),
    };
    const [run] = (await lab.train([{ name: 'xception-top', set, recipe: second }])).values();
    const rows = [];
    let scored = '';
    for (const side of ['train', 'validation', 'test'] as const) {
      lab.stage(`scoring the ${side} side`);
      const sided = await lab.side(run, side);
      // Of the training side a share that a minute scores.
      const each = side === 'train' && lab.scale === 'smoke' ? Math.ceil(sided.items.length / 480) : 1;
      const items = sided.items.filter((_, k) => k % (each * 2) < 2);
      const pictures = await lab.score(run, { items: { ...sided, items } });
      scored += `${scored ? ', ' : ''}${pictures.length} pictures of the ${side} side`;
      rows.push({
        name: side,
        cells: [accuracyOf(pictures), logLossOf(pictures)].map((value, k) => cell(published[side][k], value)),
      });
    }
    const test = rows[2].cells;
    return {
      scored,
      tables: [
        { title: 'Accuracy and log loss', quantity: 'by picture', columns: ['accuracy', 'log loss'], rows },
      ],
      findings: [
        {
          claim: 'Fine-tuned Xception tells nearly all pictures of unseen videos.',
          ours: `accuracy ${test[0].ours?.toFixed(3)}, log loss ${test[1].ours?.toFixed(3)} (chance: 0.5 and 0.693)`,
          agrees: (test[0].ours ?? 0) > 0.9,
        },
      ],
      drawings: [],
    };
  },
};
