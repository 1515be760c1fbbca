/** 000, Table 5: accuracy on videos, the mean of their frames. */
import {
  accuracyAtHalf,
  countOf,
  framesOf,
  type MesonetData,
  mesonetDetector,
  mesonetScales,
  mesonets,
  scanAll,
  testClips,
  videosOf,
} from './mesonet.ts';
import { cell, meanOf, type Protocol } from './protocol.ts';

const published = [
  [0.969, 0.953],
  [0.984, 0.953],
];
const sets: readonly MesonetData[] = ['Deepfakes', 'Face2Face'];

export const table5: Protocol = {
  id: '000/table5',
  title: 'Image aggregation',
  source: 'MesoNet (Afchar et al. 2018), Table 5',
  scales: mesonetScales('about two minutes on two cores'),
  async run(lab) {
    const rows = [];
    const gains: (number | undefined)[] = [];
    let scored = '';
    for (const [k, network] of mesonets.entries()) {
      const cells = [];
      for (const [i, data] of sets.entries()) {
        lab.stage(`scanning ${data} with ${network.title}`);
        const detector = await mesonetDetector(lab, network, data);
        const clips = await scanAll(lab, detector, await testClips(lab, data));
        scored = `${countOf(clips)} of each method`;
        const [video, frame] = [accuracyAtHalf(videosOf(clips)), accuracyAtHalf(framesOf(clips))];
        cells.push(cell(published[k][i], video));
        gains.push(video === undefined || frame === undefined ? undefined : video - frame);
      }
      rows.push({ name: network.title, cells });
    }
    const gain = meanOf(gains) ?? 0;
    return {
      scored,
      tables: [{ title: 'Videos', quantity: 'accuracy of videos', columns: sets, rows }],
      findings: [
        {
          claim: 'Aggregation over the frames of a video helps.',
          ours: `videos less frames: ${gains.map((value) => value?.toFixed(3)).join(', ')}; mean ${gain.toFixed(3)}`,
          agrees: Math.abs(gain) < 0.01 ? undefined : gain > 0,
        },
      ],
      drawings: [],
    };
  },
};
