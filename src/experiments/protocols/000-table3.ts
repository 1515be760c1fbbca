/** 000, Table 3: accuracy on single frames by class, Deepfake set. */
import {
  accuracyAtHalf,
  countOf,
  framesOf,
  mesonetDetector,
  mesonetScales,
  mesonets,
  scanAll,
  testClips,
} from './mesonet.ts';
import { cell, type Protocol } from './protocol.ts';

/** Forged, real, total. */
const published = [
  [0.882, 0.901, 0.891],
  [0.934, 0.9, 0.917],
];

export const table3: Protocol = {
  id: '000/table3',
  title: 'Frame accuracy by class on Deepfakes',
  source: 'MesoNet (Afchar et al. 2018), Table 3',
  scales: mesonetScales('about a minute on two cores'),
  async run(lab) {
    const source = await testClips(lab, 'Deepfakes');
    const rows = [];
    let scored = '';
    for (const [k, network] of mesonets.entries()) {
      lab.stage(`scanning with ${network.title}`);
      const clips = await scanAll(lab, await mesonetDetector(lab, network, 'Deepfakes'), source);
      scored = countOf(clips);
      const frames = framesOf(clips);
      const of = (label: 0 | 1) => accuracyAtHalf(frames.filter((frame) => frame.label === label));
      rows.push({
        name: network.title,
        cells: [of(1), of(0), accuracyAtHalf(frames)].map((value, i) => cell(published[k][i], value)),
      });
    }
    return {
      scored,
      tables: [
        { title: 'Deepfakes', quantity: 'accuracy of frames', columns: ['forged', 'real', 'total'], rows },
      ],
      findings: [
        {
          claim: 'Both networks score alike, around 90 %.',
          ours: `total: ${rows.map(({ name, cells }) => `${name} ${cells[2].ours?.toFixed(3)}`).join(', ')}`,
          agrees: rows.every(({ cells }) => (cells[2].ours ?? 0) > 0.85),
        },
      ],
      drawings: [],
    };
  },
};
