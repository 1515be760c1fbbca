/** 004, Table IV: portraits of people against portraits that a GAN made. */
import { augmentSchema } from '../../data/augment/index.ts';
import { protocolRecipe } from '../protocol-recipes.ts';
import { compressions } from './convolutional.ts';
import { aucOf, balancedOf } from './measures.ts';
import { cell, type Protocol } from './protocol.ts';
import { generated } from './sets.ts';

/** StyleGAN at c23 and c40, in percent, trained on it alone; and PGAN’s, of which we have no picture. */
const published: Readonly<Record<number, readonly [c23: number, c40: number]>> = {
  0: [99.55, 97.66],
  0.2: [99.55, 97.59],
  0.3: [99.59, 97.6],
  0.4: [99.55, 97.32],
  0.5: [99.52, 97.28],
  0.6: [99.56, 97.43],
  0.7: [99.5, 97.27],
};

export const table4: Protocol = {
  id: '004/table4',
  title: 'Generated faces',
  source: 'Using fully convolutional networks … (Tarasiou & Zafeiriou 2020), Table IV',
  scales: {
    smoke: {
      setting:
        'recipes/protocols/004-smoke.json without masks: 600 portraits of people (FFHQ) and 200 of StyleGAN2, cut alike, 64 px, 120 steps; H.264 at CRF 23 or 40 on every crop.',
      cost: 'about five minutes on two cores',
      differs: [
        'StyleGAN2 in place of StyleGAN; there is no PGAN picture here, so its columns are left out.',
        '800 pictures in place of 140,000.',
        'lambda_seg 0 and 0.5 only; a generated picture is manipulated everywhere, so its mask is white all over.',
      ],
    },
    paper: {
      setting:
        'recipes/protocols/004-paper.json on two folders below --data, ffhq (real) and stylegan2 (generated), 70,000 pictures each in the paper.',
      cost: 'hours on a GPU',
      differs: ['The paper states no batch size: 64.'],
    },
  },
  async run(lab) {
    const set = await generated(lab, lab.scale === 'paper' ? 128 : 96);
    const recipe = await protocolRecipe(`004-${lab.scale}`);
    const crf = { c23: 23, c40: 40 } as const;
    const quality = (c: 'c23' | 'c40') =>
      augmentSchema.parse({ h264: { crf: [crf[c], crf[c]], probability: 1 } });
    const runs = await lab.train(
      compressions.map((c) => ({
        name: `fcn-generated-${c}`,
        set,
        recipe: {
          ...recipe,
          // Nobody drew masks of generated pictures; the paper finds no gain from them.
          loss: { kind: 'joint', lambda: 0 },
          sampling: { kind: 'balanced' },
          augmentBy: 'item',
          augment: { flip: {}, ...quality(c) },
        },
      })),
    );
    const ours: (number | undefined)[] = [];
    const areas: (number | undefined)[] = [];
    let pictures = 0;
    for (const c of compressions) {
      const run = runs.get(`fcn-generated-${c}`);
      const rows = run ? await lab.score(run, { augment: quality(c) }) : [];
      pictures = rows.length;
      ours.push(balancedOf(rows));
      areas.push(aucOf(rows));
    }
    const [c23, c40] = ours;
    return {
      scored: `${pictures} pictures of the test side`,
      tables: [
        {
          title: 'StyleGAN against people',
          quantity: 'accuracy (mean of both classes), %; AUC times 100 in the second row',
          columns: [...compressions],
          rows: [
            {
              name: 'lambda_seg 0',
              cells: ours.map((value, k) => cell(published[0][k], value && value * 100)),
            },
            { name: 'AUC', cells: areas.map((value) => cell(undefined, value && value * 100)) },
          ],
        },
      ],
      findings: [
        {
          claim: 'Strong compression (c40) costs accuracy.',
          ours: `${c23 && (c23 * 100).toFixed(1)} % at c23, ${c40 && (c40 * 100).toFixed(1)} % at c40`,
          agrees:
            c23 === undefined || c40 === undefined || Math.abs(c23 - c40) < 0.01 ? undefined : c23 > c40,
        },
      ],
      drawings: [],
    };
  },
};
