/** 000, Figure 6: ROC curves of both networks on both sets. */
import { auc, rocCurve } from '../../metrics/roc.ts';
import { curves, type Line } from './drawing.ts';
import {
  countOf,
  framesOf,
  type MesonetData,
  mesonetDetector,
  mesonetScales,
  mesonets,
  scanAll,
  testClips,
} from './mesonet.ts';
import { cell, type Protocol } from './protocol.ts';

const sets: readonly MesonetData[] = ['Deepfakes', 'Face2Face'];

export const figure6: Protocol = {
  id: '000/figure6',
  title: 'ROC curves',
  source: 'MesoNet (Afchar et al. 2018), Figure 6',
  scales: mesonetScales('about two minutes on two cores'),
  async run(lab) {
    const lines: Line[] = [];
    const rows = [];
    let scored = '';
    for (const network of mesonets) {
      const cells = [];
      for (const data of sets) {
        lab.stage(`scanning ${data} with ${network.title}`);
        const clips = await scanAll(
          lab,
          await mesonetDetector(lab, network, data),
          await testClips(lab, data),
        );
        scored = `${countOf(clips)} of each method`;
        const frames = framesOf(clips);
        const items = { labels: frames.map(({ label }) => label), scores: frames.map(({ score }) => score) };
        const points = rocCurve(items) ?? [];
        lines.push({
          name: `${network.title}, ${data}`,
          points: points.map((p) => [p.falsePositiveRate, p.truePositiveRate] as const),
        });
        cells.push(cell(undefined, auc(items)));
      }
      rows.push({ name: network.title, cells });
    }
    lines.push({
      name: 'chance',
      dashed: true,
      points: [
        [0, 0],
        [1, 1],
      ],
    });
    return {
      scored,
      tables: [
        {
          title: 'Area under the curves (the paper prints none)',
          quantity: 'AUC of frames',
          columns: sets,
          rows,
        },
      ],
      findings: [],
      drawings: [
        curves(
          'roc.svg',
          'ROC curves on single frames.',
          { x: 'false alarms', y: 'found', to: [1, 1] },
          lines,
        ),
      ],
    };
  },
};
