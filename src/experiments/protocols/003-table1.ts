/** 003, Table 1: accuracy by method of eight networks as classifier and as segmenter. */
import { accuracyOf, aucOf, bestThreshold, decidedAt, ofMethod } from './measures.ts';
import { cell, meanOf, type Protocol } from './protocol.ts';
import type { ScoredPicture } from './score-run.ts';
import { methodName, methods } from './sets.ts';
import { scoreZooming, trainZooming, zoomingNetworks, zoomingScales, zoomingTasks } from './zooming.ts';

/** DF, F2F, FS, NT, P and their mean, in percent. */
const published: Readonly<Record<string, readonly number[]>> = {
  'xception-cls': [99.16, 98.35, 98.88, 99.09, 99.18, 98.93],
  'meso-inception4-cls': [93.33, 77.01, 26.77, 92.05, 88.99, 75.63],
  'unet8x-cls': [56.57, 33.4, 22.96, 47.21, 92.55, 50.5],
  'unet4x-cls': [66.9, 45.45, 37.48, 55.42, 98.98, 60.8],
  'vgg8-cls': [41.69, 73.37, 67.78, 38.81, 76.45, 59.6],
  'vgg5-cls': [56.02, 84.92, 90.72, 40.33, 70.66, 68.53],
  'fn3-cls': [94.35, 93.28, 81.13, 94.26, 61.43, 84.89],
  'xception-seg': [96.45, 97.98, 99.02, 98.39, 99.92, 98.35],
  'meso-inception4-seg': [68.86, 79.58, 89.77, 96.92, 59.56, 78.94],
  'unet8x-seg': [99.08, 98.74, 97.17, 99.42, 66.65, 92.21],
  'unet4x-seg': [98.61, 97.32, 99.05, 96.53, 97.01, 97.7],
  'vgg8-seg': [98.41, 98.34, 99.05, 99.01, 99.33, 98.83],
  'vgg5-seg': [98.24, 98.29, 99.03, 99.01, 99.99, 98.91],
  'fn3-seg': [98.16, 98.32, 99.03, 99.06, 99.99, 98.91],
};

const scales = zoomingScales(
  'about half an hour on two cores; its runs serve tables 2 and 3 and figure 5 too',
);

export const table1: Protocol = {
  id: '003/table1',
  title: 'Classification accuracy by method',
  source: 'Zooming into Face Forensics (Li et al. 2019), Table 1',
  scales: {
    ...scales,
    smoke: {
      ...scales.smoke,
      differs: [
        ...scales.smoke.differs,
        'The paper does not tell its thresholds. A segmenter’s tau2 (the share of pixels from which on a picture is called forged) is set on the validation pictures, where both classes weigh alike.',
      ],
    },
  },
  async run(lab) {
    const names = zoomingNetworks.map(({ name }) => name);
    const runs = await trainZooming(lab, names, zoomingTasks);
    const scored = await scoreZooming(lab, runs);
    // The paper does not tell its tau2, and one for all would measure the threshold in place of the network.
    const segmenters = new Map([...runs].filter(([name]) => name.endsWith('-seg')));
    for (const [name, rows] of await scoreZooming(lab, segmenters, 'validation')) {
      scored.set(name, decidedAt(scored.get(name) ?? [], bestThreshold(rows)));
    }
    const ours = (rows: readonly ScoredPicture[]) => {
      const each = [...methods.map((m) => methodName(lab, m)), 'original'].map((m) =>
        accuracyOf(ofMethod(rows, m)),
      );
      return [...each, meanOf(each)].map((value) => value && value * 100);
    };
    const rows = zoomingTasks.flatMap((task) =>
      zoomingNetworks.map(({ title, name }) => {
        const key = `${name}-${task}`;
        const values = ours(scored.get(key) ?? []);
        return {
          key,
          name: `${title}-${task}`,
          cells: values.map((value, k) => cell(published[key]?.[k], value)),
        };
      }),
    );
    // The paper's average counts originals once and forgeries four times: a network that calls everything forged has 80.
    const balanced = (task: string) =>
      meanOf(
        rows
          .filter(({ key }) => key.endsWith(task))
          .map(({ cells }) => {
            const forged = meanOf(cells.slice(0, methods.length).map(({ ours }) => ours ?? undefined));
            const original = cells[methods.length].ours ?? undefined;
            return forged === undefined || original === undefined ? undefined : (forged + original) / 2;
          }),
      );
    const [cls, seg] = [balanced('cls'), balanced('seg')];
    const order = (task: string) =>
      meanOf([...scored].filter(([name]) => name.endsWith(task)).map(([, rows]) => aucOf(rows)))?.toFixed(3);
    const [first] = scored.values();
    return {
      scored: `${first.length} pictures of the test side`,
      tables: [
        {
          title: 'Accuracy by method',
          quantity: 'accuracy, %',
          columns: [...methods.map(({ short }) => short), 'P', 'Avg'],
          rows: rows.map(({ name, cells }) => ({ name, cells })),
        },
      ],
      findings: [
        {
          claim: 'Segmenters classify better than their classifier counterparts.',
          ours: `accuracy with forged and original faces weighing alike (50 % is chance), mean over the networks: segmenters ${seg?.toFixed(1)} %, classifiers ${cls?.toFixed(1)} %; in order alone, whatever the threshold (AUC): ${order('seg')} and ${order('cls')}`,
          agrees: seg === undefined || cls === undefined || Math.abs(seg - cls) < 2 ? undefined : seg > cls,
        },
      ],
      drawings: [],
    };
  },
};
