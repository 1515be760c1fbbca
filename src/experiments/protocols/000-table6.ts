/** 000, Table 6: aggregation over intra-coded frames alone. */
import {
  accuracyAtHalf,
  countOf,
  framesOf,
  mesonetDetector,
  mesonetScales,
  mesonets,
  scanAll,
  testClips,
  videosOf,
} from './mesonet.ts';
import { cell, meanOf, type Protocol } from './protocol.ts';

/** Score on I-frames, difference to Table 5. */
const published = [
  [0.932, -0.037],
  [0.959, -0.025],
];

export const table6: Protocol = {
  id: '000/table6',
  title: 'Aggregation on intra-frames',
  source: 'MesoNet (Afchar et al. 2018), Table 6',
  scales: mesonetScales('about a minute on two cores'),
  async run(lab) {
    const source = await testClips(lab, 'Deepfakes');
    const rows = [];
    let scored = '';
    for (const [k, network] of mesonets.entries()) {
      lab.stage(`scanning intra-frames with ${network.title}`);
      const detector = await mesonetDetector(lab, network, 'Deepfakes');
      const all = accuracyAtHalf(videosOf(await scanAll(lab, detector, source)));
      const clips = await scanAll(lab, detector, source, { kind: 'keyframes' });
      scored = `${countOf(clips)} in intra-frames (${(framesOf(clips).length / clips.length).toFixed(1)} a clip)`;
      const intra = accuracyAtHalf(videosOf(clips));
      const difference = intra === undefined || all === undefined ? undefined : intra - all;
      rows.push({
        name: network.title,
        cells: [cell(published[k][0], intra), cell(published[k][1], difference)],
      });
    }
    const difference = meanOf(rows.map(({ cells }) => cells[1].ours ?? undefined)) ?? 0;
    return {
      scored,
      tables: [
        { title: 'Deepfakes', quantity: 'accuracy of videos', columns: ['I-frames', 'difference'], rows },
      ],
      findings: [
        {
          claim: 'Intra-frames alone cost a little.',
          ours: `difference ${difference.toFixed(3)}`,
          agrees: Math.abs(difference) < 0.005 ? undefined : difference < 0,
        },
      ],
      drawings: [],
    };
  },
};
