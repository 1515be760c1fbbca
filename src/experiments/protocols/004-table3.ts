/** 004, Table III: accuracy of single pixels by the share of the segmentation loss. */
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
import { iousOf, ofMethod } from './measures.ts';
import { meanOf, type Protocol } from './protocol.ts';
import { methodName } from './sets.ts';

const published: PublishedHalves = {
  specific: {
    0.2: [87.54, 84.34, 84.26, 80.2, 69.92, 74.66],
    0.3: [89.28, 85.45, 85.37, 80.39, 71.36, 74.7],
    0.4: [89.24, 85.32, 86.34, 80.99, 70.29, 75.84],
    0.5: [88.43, 85.6, 86.19, 81.34, 71.53, 75.94],
    0.6: [88.23, 85.68, 86.43, 81.23, 73.11, 76.35],
    0.7: [88.58, 85.22, 86.22, 81.04, 73.48, 76.39],
    1: [89.62, 86.38, 86.8, 81.85, 74.35, 77.43],
  },
  all: {
    0.2: [79.87, 78.78, 77.95, 73.63, 73.81, 72.91],
    0.3: [81.06, 81.35, 79.05, 74.39, 74.23, 73.17],
    0.4: [81.54, 80.73, 77.99, 74.05, 74.35, 73.78],
    0.5: [81.36, 81.28, 78.76, 74.33, 74.83, 73.86],
    0.6: [82.03, 81.86, 79.25, 75.3, 74.7, 74.25],
    0.7: [82.37, 82.43, 79.04, 74.55, 75.17, 74.07],
    1: [84.22, 82.93, 81.52, 77.07, 75.79, 74.85],
  },
};

export const table3: Protocol = {
  id: '004/table3',
  title: 'Pixel accuracy by lambda_seg',
  source: 'Using fully convolutional networks … (Tarasiou & Zafeiriou 2020), Table III',
  scales: convolutionalScales('about ten minutes on two cores after table 2, whose runs it uses'),
  async run(lab) {
    const used = lambdas(lab.scale).filter((lambda) => lambda > 0);
    const runs = await trainConvolutional(lab, everyRun(used));
    const accuracies = new Map<string, number | undefined>();
    lab.stage(`scoring ${runs.length} runs`);
    for (const [k, { want, run }] of runs.entries()) {
      const rows = await scoreConvolutional(lab, { want, run });
      for (const method of threeMethods) {
        if (want.trainedOn !== 'all' && want.trainedOn !== method.short) continue;
        const { accuracy } = iousOf(ofMethod(rows, methodName(lab, method)));
        accuracies.set(figureKey(want, method.short), accuracy);
      }
      lab.share((k + 1) / runs.length, run.name);
    }
    const tables = bothHalves(used, published, accuracies, 'accuracy of pixels of manipulated pictures, %');
    const mean = (wantedLambda: (lambda: number) => boolean) =>
      meanOf(
        tables.flatMap(({ rows }) =>
          rows
            .filter((_, k) => wantedLambda(used[k]))
            .flatMap(({ cells }) => cells.map(({ ours }) => ours ?? undefined)),
        ),
      ) ?? 0;
    const [alone, joint] = [mean((lambda) => lambda === 1), mean((lambda) => lambda < 1)];
    return {
      scored: 'the manipulated pictures of the test side, at the 49 x 49 (or fewer) centres of the map',
      tables,
      findings: [
        {
          claim: 'Networks trained for segmentation alone (lambda_seg = 1) find pixels best.',
          ours: `pixel accuracy ${alone.toFixed(1)} % at 1, ${joint.toFixed(1)} % below`,
          agrees: Math.abs(alone - joint) < 0.5 ? undefined : alone > joint,
        },
      ],
      drawings: [],
    };
  },
};
