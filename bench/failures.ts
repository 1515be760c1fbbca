/**
 * What a detector gets most wrong, to be looked at where the faces may not be passed on:
 *
 *   npx tsx bench/failures.ts DETECTOR.onnx SET.csv OUT.png
 *
 * The real pictures with the highest scores above, the manipulated ones with the lowest below: each face as coarse
 * blocks, its map beside it. `mesoscope evaluate --out` shows the faces themselves to whoever has the set.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { type Item, readManifest } from '../src/data/manifest.ts';
import { readThrough } from '../src/data/shards.ts';
import { loadDetector } from '../src/detect/detector.ts';
import { calibrate } from '../src/detect/verdict.ts';
import { coarse } from '../src/experiments/protocols/drawing.ts';
import { encodePng, readPicture, resizePicture } from '../src/media/image.ts';
import type { Picture } from '../src/media/types.ts';
import { overlay } from '../src/report/crops.ts';

const [path, set, out] = process.argv.slice(2);
if (!out) {
  console.error('usage: npx tsx bench/failures.ts DETECTOR.onnx SET.csv OUT.png');
  process.exit(2);
}
const perRow = 6;
const tile = 130;

const detector = await loadDetector(path);
const { width, height } = detector.contract.input;
const { items } = await readManifest(set);
const seen = async ({ file }: Item): Promise<Picture> =>
  resizePicture(await readPicture(await readThrough(join(dirname(set), file))), width, height, 'linear');
const scored: { item: Item; score: number }[] = [];
for (const item of items) {
  const { scores } = await detector.score([await seen(item)]);
  scored.push({ item, score: calibrate(scores[0], detector.contract) });
}
const of = (label: 0 | 1, sign: number) =>
  scored
    .filter(({ item }) => item.label === label)
    .sort((a, b) => sign * (a.score - b.score))
    .slice(0, perRow);
const rows = [
  { words: 'Real, with the highest scores', worst: of(0, -1) },
  { words: 'Manipulated, with the lowest scores', worst: of(1, 1) },
];

const cell = { width: 2 * tile + 16, height: tile + 30 };
const uri = async (picture: Picture) =>
  `data:image/png;base64,${(await encodePng(picture)).toString('base64')}`;
const parts: string[] = [];
for (const [r, { words, worst }] of rows.entries()) {
  const top = r * (2 * cell.height + 40);
  parts.push(`<text x="8" y="${top + 24}" font-weight="bold">${words}</text>`);
  for (const [i, { item, score }] of worst.entries()) {
    const blocks = coarse(await seen(item));
    const { maps } = await detector.score([await seen(item)]);
    const [x, y] = [8 + (i % 3) * cell.width, top + 36 + Math.floor(i / 3) * cell.height];
    const shown = [blocks, ...(maps ? [overlay(blocks, maps[0])] : [])];
    for (const [k, picture] of shown.entries()) {
      parts.push(
        `<image x="${x + k * (tile + 2)}" y="${y}" width="${tile}" height="${tile}" href="${await uri(picture)}"/>`,
      );
    }
    parts.push(`<text x="${x}" y="${y + tile + 17}">${score.toFixed(2)}  ${item.method}</text>`);
  }
}
await detector.close();
const [w, h] = [3 * cell.width, 4 * cell.height + 80];
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" font-family="sans-serif" font-size="14"><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>`;
await writeFile(out, await sharp(Buffer.from(svg)).png({ palette: true }).toBuffer());
console.log(`${out}: ${(await readFile(out)).length} bytes`);
