/** 003, Table 2: IoU by method of the same networks and runs as Table 1. */
import { iousOf, ofMethod } from './measures.ts';
import { cell, meanOf, type Protocol } from './protocol.ts';
import { methodName, methods } from './sets.ts';
import { scoreZooming, trainZooming, zoomingNetworks, zoomingScales, zoomingTasks } from './zooming.ts';

/**
 * Mean IoU of DF, F2F, FS, NT, P and their mean, in percent. Each is the mean of the foreground's and the background's
 * below, but for Xception-cls on NT: 58.83 is printed where 38.11 would follow.
 */
export const publishedIou: Readonly<Record<string, readonly number[]>> = {
  'xception-seg': [89.32, 88.18, 87.7, 62.81, 99.95, 85.59],
  'meso-inception4-seg': [56.58, 51.14, 54.52, 40.23, 90.2, 58.53],
  'unet8x-seg': [87.83, 86.97, 85.02, 50.51, 86.02, 79.27],
  'unet4x-seg': [89.12, 89.43, 86.29, 51.46, 96.09, 82.48],
  'vgg8-seg': [94.68, 95.21, 94.33, 76.04, 99.31, 91.91],
  'vgg5-seg': [95.78, 96.21, 94.81, 75.6, 99.86, 92.45],
  'fn3-seg': [92.68, 93.05, 89.01, 64.42, 99.72, 87.78],
  'xception-cls': [47.6, 58.98, 56.21, 58.83, 99.23, 64.17],
  'meso-inception4-cls': [45.96, 37.14, 37.48, 24.78, 95.46, 48.16],
  'unet8x-cls': [23, 33.6, 34.82, 29.71, 86.39, 41.5],
  'unet4x-cls': [22.3, 32.95, 34.38, 35.14, 97.59, 44.47],
  'vgg8-cls': [28.73, 23.45, 26.12, 29.84, 63.66, 34.36],
  'vgg5-cls': [39.18, 37.92, 38.85, 15.73, 80.39, 42.41],
  'fn3-cls': [16.77, 18.46, 20.47, 43.84, 48.68, 29.64],
};
/** Background IoU of DF, F2F, FS, NT, P and their mean. */
export const publishedBackground: Readonly<Record<string, readonly number[]>> = {
  'xception-seg': [95.95, 93.79, 94.19, 41.94, 99.95, 85.16],
  'meso-inception4-seg': [78.96, 71.06, 74.68, 22.02, 90.2, 67.38],
  'unet8x-seg': [94.7, 92.32, 91.82, 28.27, 86.02, 78.63],
  'unet4x-seg': [95.41, 93.89, 92.59, 30.68, 96.09, 81.73],
  'vgg8-seg': [97.87, 97.34, 97.19, 59.42, 99.31, 90.23],
  'vgg5-seg': [98.36, 97.94, 97.51, 58.97, 99.86, 90.53],
  'fn3-seg': [97.16, 96.24, 94.81, 43.89, 99.72, 86.36],
  'xception-cls': [59.9, 71.9, 75.62, 23.27, 99.23, 65.98],
  'meso-inception4-cls': [67.87, 55.75, 65.08, 13.93, 95.46, 59.62],
  'unet8x-cls': [28.63, 49.62, 53.8, 11.3, 86.39, 45.94],
  'unet4x-cls': [26.25, 46.11, 51.92, 13.99, 97.59, 47.17],
  'vgg8-cls': [40.91, 21.65, 30.72, 12.1, 63.66, 33.81],
  'vgg5-cls': [66.81, 63.83, 69.56, 13.51, 80.39, 58.82],
  'fn3-cls': [14.58, 10.63, 17.9, 8.09, 48.68, 19.97],
};
/** Foreground IoU of DF, F2F, FS, NT. */
export const publishedForeground: Readonly<Record<string, readonly number[]>> = {
  'xception-seg': [82.7, 82.56, 81.21, 83.67],
  'meso-inception4-seg': [34.19, 31.21, 34.35, 58.44],
  'unet8x-seg': [80.96, 81.62, 78.22, 72.75],
  'unet4x-seg': [82.82, 84.96, 79.99, 72.25],
  'vgg8-seg': [91.48, 93.07, 91.47, 92.67],
  'vgg5-seg': [93.21, 94.48, 92.11, 92.23],
  'fn3-seg': [88.21, 89.86, 83.21, 84.95],
  'xception-cls': [35.3, 46.06, 36.8, 52.95],
  'meso-inception4-cls': [24.05, 18.53, 9.88, 35.63],
  'unet8x-cls': [17.42, 17.58, 15.84, 48.11],
  'unet4x-cls': [18.35, 19.79, 16.83, 56.29],
  'vgg8-cls': [16.54, 25.25, 21.51, 47.57],
  'vgg5-cls': [11.56, 12.01, 8.14, 17.96],
  'fn3-cls': [18.97, 26.29, 23.04, 79.59],
};

export const table2: Protocol = {
  id: '003/table2',
  title: 'Segmentation results',
  source: 'Zooming into Face Forensics (Li et al. 2019), Table 2',
  scales: zoomingScales('as table 1, whose runs it uses'),
  async run(lab) {
    const names = zoomingNetworks.map(({ name }) => name);
    const scored = await scoreZooming(lab, await trainZooming(lab, names, zoomingTasks));
    const columns = [...methods.map((method) => methodName(lab, method)), 'original'];
    const keys = (['seg', 'cls'] as const).flatMap((task) =>
      zoomingNetworks.map(({ title, name }) => ({ key: `${name}-${task}`, name: `${title}-${task}`, task })),
    );
    const ious = new Map(
      keys.map(({ key }) => [key, columns.map((method) => iousOf(ofMethod(scored.get(key) ?? [], method)))]),
    );
    const percent = (value: number | undefined) => value && value * 100;
    const table = (
      title: string,
      of: (iou: ReturnType<typeof iousOf>) => number | undefined,
      published: Readonly<Record<string, readonly number[]>>,
      heads: readonly string[],
    ) => ({
      title,
      quantity: 'IoU, %',
      columns: [...heads, 'Avg'],
      rows: keys.map(({ key, name }) => {
        const values = (ious.get(key) ?? []).slice(0, heads.length).map(of);
        return {
          name,
          cells: [...values, meanOf(values)].map((value, k) => cell(published[key]?.[k], percent(value))),
        };
      }),
    });
    const heads = methods.map(({ short }) => short);
    const mean = table('Mean IoU', ({ mean: value }) => value, publishedIou, [...heads, 'P']);
    const average = (task: string) =>
      meanOf(
        mean.rows
          .filter(({ name }) => name.endsWith(task))
          .map(({ cells }) => meanOf(cells.slice(0, 4).map(({ ours }) => ours ?? undefined))),
      );
    const [seg, cls] = [average('seg'), average('cls')];
    const [first] = scored.values();
    return {
      scored: `${first.length} pictures of the test side`,
      tables: [
        mean,
        table('Background IoU', ({ background }) => background, publishedBackground, [...heads, 'P']),
        table('Foreground IoU', ({ foreground }) => foreground, publishedForeground, heads),
      ],
      findings: [
        {
          claim: 'Segmenters find the manipulated pixels, classifiers’ activation maps do not.',
          ours: `mean IoU on the four methods: segmenters ${seg?.toFixed(1)} %, classifiers ${cls?.toFixed(1)} %`,
          agrees: seg === undefined || cls === undefined || Math.abs(seg - cls) < 2 ? undefined : seg > cls,
        },
      ],
      drawings: [],
    };
  },
};
