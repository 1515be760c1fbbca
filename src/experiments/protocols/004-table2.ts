/** 004, Table II: accuracy by the share of the segmentation loss, trained by method and on all. */
import {
  bothHalves,
  convolutionalScales,
  everyRun,
  figureKey,
  lambdas,
  type PublishedHalves,
  scoreConvolutional,
  threeMethods,
  trainConvolutional,
} from './convolutional.ts';
import { balancedOf, ofMethod } from './measures.ts';
import { meanOf, type Protocol } from './protocol.ts';
import { methodName } from './sets.ts';

/** DF, F2F, FS at c23, then at c40, in percent. */
const published: PublishedHalves = {
  specific: {
    0: [96.8, 97.72, 97.57, 91.6, 84.47, 89.72],
    0.2: [97.9, 98.37, 97.9, 91.68, 84.88, 89.69],
    0.3: [97.86, 98.58, 98.32, 92.4, 86.32, 89.77],
    0.4: [97.86, 98.44, 98.1, 91.95, 86.2, 90.15],
    0.5: [97.75, 98.43, 98.24, 91.8, 86.4, 90.23],
    0.6: [97.55, 98.45, 98.09, 91.83, 87.11, 90.56],
    0.7: [97.51, 98.38, 98.17, 91.71, 86.81, 91.26],
  },
  all: {
    0: [94.54, 94.73, 94.16, 85.92, 82.89, 83.49],
    0.2: [95.64, 96.28, 95.41, 86.44, 83.05, 84.27],
    0.3: [95.77, 96.23, 95.97, 85.96, 83.96, 84.82],
    0.4: [95.81, 96.79, 95.51, 87.06, 83.52, 84.55],
    0.5: [96.14, 96.54, 95.96, 86.23, 83.74, 84.19],
    0.6: [96.78, 96.91, 95.97, 85.88, 84.7, 85.17],
    0.7: [96.65, 97.13, 95.92, 86.83, 84.98, 84.77],
  },
};

export const table2: Protocol = {
  id: '004/table2',
  title: 'Accuracy by lambda_seg',
  source: 'Using fully convolutional networks … (Tarasiou & Zafeiriou 2020), Table II',
  scales: convolutionalScales(
    'about twenty minutes on two cores; its runs serve table 3 and figures 4 to 6 too',
  ),
  async run(lab) {
    const used = lambdas(lab.scale).filter((lambda) => lambda < 1);
    const runs = await trainConvolutional(lab, everyRun(used));
    const accuracies = new Map<string, number | undefined>();
    lab.stage(`scoring ${runs.length} runs`);
    let pictures = 0;
    for (const [k, { want, run }] of runs.entries()) {
      const rows = await scoreConvolutional(lab, { want, run });
      pictures = Math.max(pictures, rows.length);
      const tested = threeMethods.filter(({ short }) => want.trainedOn === 'all' || want.trainedOn === short);
      for (const method of tested) {
        const name = methodName(lab, method);
        const pair = rows.filter(
          ({ item }) =>
            item.method === name ||
            (item.label === 0 && ofMethod(rows, name).some((fake) => fake.item.original === item.id)),
        );
        // Sets that do not name originals: all untouched pictures of the side.
        const both = pair.some(({ item }) => item.label === 0)
          ? pair
          : rows.filter(({ item }) => item.label === 0 || item.method === name);
        accuracies.set(figureKey(want, method.short), balancedOf(both));
      }
      lab.share((k + 1) / runs.length, run.name);
    }
    const tables = bothHalves(used, published, accuracies, 'accuracy, %');
    const mean = (of: (lambda: number) => boolean, which = tables) =>
      meanOf(
        which.flatMap(({ rows }) =>
          rows
            .filter((_, k) => of(used[k]))
            .flatMap(({ cells }) => cells.map(({ ours }) => ours ?? undefined)),
        ),
      ) ?? 0;
    const [without, joint] = [mean((lambda) => lambda === 0), mean((lambda) => lambda > 0)];
    const [specific, all] = [mean(() => true, [tables[0]]), mean(() => true, [tables[1]])];
    return {
      scored: `up to ${pictures} pictures of the test side, as many untouched as manipulated`,
      tables,
      findings: [
        {
          claim: 'A joint loss helps: lambda_seg = 0 is always the worst.',
          ours: `mean accuracy ${joint.toFixed(1)} % with, ${without.toFixed(1)} % without`,
          agrees: Math.abs(joint - without) < 1 ? undefined : joint > without,
        },
        {
          claim: 'Training on one method tells that method better than training on all.',
          ours: `mean accuracy ${specific.toFixed(1)} % on one, ${all.toFixed(1)} % on all`,
          agrees: Math.abs(specific - all) < 1 ? undefined : specific > all,
        },
      ],
      drawings: [],
    };
  },
};
