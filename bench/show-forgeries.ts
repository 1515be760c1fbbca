/**
 * Contact sheets of pseudo-forgeries, to be looked at: `npx tsx bench/show-forgeries.ts OUT [--set ytfaces|dfdc|ffhq]
 * [--kind KIND] [--seed N] [--raw]`. One row a pair: real, fake, mask, and four times the difference about mid-grey.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/base/random.ts';
import {
  type ForgeryKind,
  type ForgeryPair,
  families,
  forgeryKinds,
  landmarkFault,
  makeForgery,
  nearestDonor,
  shapeOf,
} from '../src/data/forgery/index.ts';
import { sixtyEightPoints } from '../src/faces/landmarks.ts';
import { openFinder } from '../src/faces/open-finder.ts';
import { encodePng, readPicture, resizePicture } from '../src/media/image.ts';
import type { Picture } from '../src/media/types.ts';
import { cut, type NamedFace, readYouTubeFace, youTubeFaces } from './landmarked-faces.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', default: 'ytfaces' },
    kind: { type: 'string' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '12' },
    raw: { type: 'boolean', default: false },
    size: { type: 'string', default: '224' },
  },
});
const out = positionals[0] ?? 'test/output/forgeries';
const tile = 180;
const perRow = 2;
await mkdir(out, { recursive: true });
const random = new Random(Number(values.seed), 'show');
const size = Number(values.size);
const faces = await load(values.set, (values.set === 'ytfaces' ? 1 : 4) * Number(values.count));
// Donors by their points alone, out of thousands where a set lists them.
const rows = values.set === 'ytfaces' ? youTubeFaces() : [];
const pool = rows.length > 0 ? rows : faces;
const shapes = pool.map(({ person, points }) => ({ sourceId: person, shape: shapeOf(points) }));
const shown = faces.slice(0, Number(values.count));

for (const kind of forgeryKinds.filter((name) => !values.kind || name === values.kind)) {
  const pairs: ForgeryPair[] = [];
  for (const [i, face] of shown.entries()) {
    pairs.push(await make(kind, face, new Random(Number(values.seed), kind, i)));
    console.log(kind, i, face.file, JSON.stringify(pairs.at(-1)?.parameters));
  }
  await writeFile(join(out, `${values.set}-${kind}.png`), await encodePng(await sheet(pairs)));
}

async function make(kind: ForgeryKind, face: NamedFace, stream: Random): Promise<ForgeryPair> {
  const near =
    families[kind].donor === 'required' ? nearestDonor(face.points, face.person, shapes) : undefined;
  return makeForgery(kind, face, stream, {
    donor: near && (rows.length > 0 ? await readYouTubeFace(rows[near.index], size) : faces[near.index]),
    ...(values.raw && { postProcess: false as const }),
  });
}

async function load(set: string, count: number): Promise<NamedFace[]> {
  const loaded: NamedFace[] = [];
  if (set === 'ytfaces') {
    for (const row of random.shuffle(youTubeFaces())) {
      const face = await readYouTubeFace(row, size);
      if (landmarkFault(face) === undefined) loaded.push(face);
      if (loaded.length === count) break;
    }
    return loaded;
  }
  const folder = `../shared/data/train/${set === 'dfdc' ? 'dfdc-pairs/faces' : 'portraits/ffhq'}`;
  const finder = await openFinder({ threads: 1 });
  for (const file of random.shuffle(await readdir(folder))) {
    const picture = await readPicture(join(folder, file));
    const [found] = await finder.find(picture, { tiles: 'never' });
    if (!found) continue;
    const face = { picture, points: sixtyEightPoints(found.mesh) };
    const used = set === 'dfdc' ? face : cut(face, size, 1.6);
    if (landmarkFault(used) === undefined) loaded.push({ ...used, file, person: file });
    if (loaded.length === count) break;
  }
  await finder.close();
  return loaded;
}

async function sheet(pairs: readonly ForgeryPair[]): Promise<Picture> {
  const rows = Math.ceil(pairs.length / perRow);
  const width = tile * 4 * perRow;
  const canvas: Picture = { width, height: rows * tile, data: new Uint8Array(width * rows * tile * 3) };
  for (const [i, { real, fake, mask }] of pairs.entries()) {
    const grey = { width: mask.width, height: mask.height, data: new Uint8Array(mask.data.length * 3) };
    for (let k = 0; k < grey.data.length; k++) grey.data[k] = mask.data[Math.floor(k / 3)];
    const difference = { ...real, data: new Uint8Array(real.data.length) };
    for (let k = 0; k < real.data.length; k++) {
      difference.data[k] = Math.min(255, Math.max(0, 128 + 4 * (fake.data[k] - real.data[k])));
    }
    for (const [k, picture] of [real, fake, grey, difference].entries()) {
      const small = await resizePicture(picture, tile, tile, 'cubic');
      paste(canvas, small, ((i % perRow) * 4 + k) * tile, Math.floor(i / perRow) * tile);
    }
  }
  return canvas;
}

function paste(canvas: Picture, picture: Picture, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
    canvas.data.set(row, ((top + y) * canvas.width + left) * 3);
  }
}
