/** 004, Figures 5 and 6: true and predicted masks over faces, at medium and at strong compression. */
import { join } from 'node:path';
import { readThrough } from '../../data/shards.ts';
import { type Mask, readMask, readPicture } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import {
  type Compression,
  convolutionalScales,
  scoreConvolutional,
  threeMethods,
  trainConvolutional,
} from './convolutional.ts';
import { enlarged, mosaic } from './drawing.ts';
import type { Protocol } from './protocol.ts';
import type { ScoredPicture } from './score-run.ts';
import { methodName } from './sets.ts';

const side = 144;
/** Pictures of each method, and of untouched ones. */
const each = 3;

export const masks = (figure: 5 | 6, compression: Compression): Protocol => ({
  id: `004/figure${figure}`,
  title: `Masks over faces at ${compression}`,
  source: `Using fully convolutional networks … (Tarasiou & Zafeiriou 2020), Figure ${figure}`,
  scales: convolutionalScales('as table 3, whose runs it uses'),
  async run(lab) {
    const [trained] = await trainConvolutional(lab, [{ lambda: 1, compression, trainedOn: 'all' }]);
    const rows = await scoreConvolutional(lab, trained, true);
    const { folder } = await lab.side(trained.run, 'test');
    const groups = [...threeMethods.map((method) => methodName(lab, method)), 'original'];
    const lines: Picture[][] = [];
    for (const method of groups) {
      const line: Picture[] = [];
      for (const row of firstOf(rows.filter(({ item }) => item.method === method))) {
        const picture = lab.shown(await readPicture(await readThrough(join(folder, row.item.file))));
        const truth = row.item.mask
          ? await readMask(await readThrough(join(folder, row.item.mask)))
          : undefined;
        line.push(
          over(picture, truthAt(truth), [255, 255, 255]),
          over(picture, predictedAt(row, picture), [230, 30, 30]),
        );
      }
      lines.push(line);
    }
    return {
      scored: `${each} pictures of each method and ${each} untouched ones, the first of the test side`,
      tables: [],
      findings: [],
      drawings: [
        await mosaic(
          `masks-${compression}.png`,
          `Rows: ${threeMethods.map(({ short }) => short).join(', ')}, untouched. In each pair the true mask is white on the left, the predicted one red on the right (lambda_seg = 1, trained on all).${lab.shownWords}`,
          lines,
        ),
      ],
    };
  },
});

/** The first of as many faces: some stand in a set several times, beside each of their forgeries. */
function firstOf(rows: readonly ScoredPicture[]): ScoredPicture[] {
  const bySource = new Map<string, ScoredPicture>();
  for (const row of rows) if (!bySource.has(row.item.sourceId)) bySource.set(row.item.sourceId, row);
  return [...bySource.values()].slice(0, each);
}

const truthAt = (mask: Mask | undefined) => (u: number, v: number) =>
  mask ? mask.data[Math.floor(v * mask.height) * mask.width + Math.floor(u * mask.width)] >= 128 : false;

/** The map covers the central part of the picture: half a receptive field is missing on each side. */
const predictedAt =
  ({ map }: ScoredPicture, picture: Picture) =>
  (u: number, v: number) => {
    if (!map) return false;
    const span = (2 * map.width) / picture.width;
    const at = (t: number) => Math.floor(((t - (1 - span) / 2) / span) * map.width);
    const [x, y] = [at(u), at(v)];
    return x >= 0 && y >= 0 && x < map.width && y < map.height && map.data[y * map.width + x] >= 0.5;
  };

function over(
  picture: Picture,
  inside: (u: number, v: number) => boolean,
  colour: readonly [number, number, number],
): Picture {
  const out = enlarged(picture, side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (!inside((x + 0.5) / side, (y + 0.5) / side)) continue;
      for (let c = 0; c < 3; c++) {
        const at = (y * side + x) * 3 + c;
        out.data[at] = Math.round(0.45 * out.data[at] + 0.55 * colour[c]);
      }
    }
  }
  return out;
}
