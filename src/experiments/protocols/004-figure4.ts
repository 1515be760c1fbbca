/** 004, Figure 4: precision over recall of pixels, for segmenters of one method each. */
import { averagePrecision, precisionRecallCurve } from '../../metrics/precision-recall.ts';
import {
  convolutionalScales,
  scoreConvolutional,
  threeMethods,
  trainConvolutional,
} from './convolutional.ts';
import { curves, type Line } from './drawing.ts';
import { aucOf, scoredOf } from './measures.ts';
import { cell, type Protocol } from './protocol.ts';

export const figure4: Protocol = {
  id: '004/figure4',
  title: 'Precision and recall by method',
  source: 'Using fully convolutional networks … (Tarasiou & Zafeiriou 2020), Figure 4',
  scales: convolutionalScales('as table 3, whose runs it uses'),
  async run(lab) {
    // A picture's score is the mean of its map where nothing but the map was trained.
    const wanted = threeMethods.flatMap(({ short }) =>
      (['c23', 'c40'] as const).map((compression) => ({ lambda: 1, compression, trainedOn: short })),
    );
    const runs = await trainConvolutional(lab, wanted);
    const lines: Line[] = [];
    const rows = [];
    let pictures = 0;
    for (const { want, run } of runs) {
      const scored = (await scoreConvolutional(lab, { want, run }, true)).map((row) => ({
        ...row,
        score: row.map
          ? row.map.data.reduce((sum, value) => sum + value, 0) / row.map.data.length
          : row.score,
      }));
      pictures = Math.max(pictures, scored.length);
      const name = `${want.trainedOn} ${want.compression}`;
      const points = precisionRecallCurve(scoredOf(scored)) ?? [];
      lines.push({ name, points: points.map(({ recall, precision }) => [recall, precision] as const) });
      const precision = averagePrecision(scoredOf(scored));
      const area = aucOf(scored);
      rows.push({ name, cells: [cell(undefined, precision), cell(undefined, area)] });
    }
    return {
      scored: `up to ${pictures} pictures of the test side; a picture’s score is the mean of its map`,
      tables: [
        {
          title: 'Average precision and AUC (the paper prints curves only)',
          quantity: 'by picture, lambda_seg = 1',
          columns: ['average precision', 'AUC'],
          rows,
        },
      ],
      findings: [],
      drawings: [
        curves(
          'precision-recall.svg',
          'Precision over recall, one network a method, lambda_seg = 1.',
          { x: 'recall', y: 'precision', to: [1, 1] },
          lines,
        ),
      ],
    };
  },
};
