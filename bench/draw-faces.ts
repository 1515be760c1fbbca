/**
 * Contact sheets of boxes, landmarks and track numbers, to be looked at:
 * `npx tsx bench/draw-faces.ts OUT_FOLDER SAMPLING CLIP…`
 */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { cropFace } from '../src/faces/crop.ts';
import { sixtyEightPoints } from '../src/faces/landmarks.ts';
import { openFinder } from '../src/faces/open-finder.ts';
import { type FaceInTrack, FaceTracker } from '../src/faces/tracker.ts';
import { openClip } from '../src/media/open.ts';
import { parseSampling } from '../src/media/sampling.ts';
import type { Picture } from '../src/media/types.ts';

const tileWidth = 400;
const mostTiles = 32;
const colours = ['lime', 'cyan', 'orange', 'magenta', 'yellow', 'red', 'deepskyblue', 'white'];

const [out, sampling, ...clips] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const finder = await openFinder();
for (const path of clips) await drawClip(path);
await finder.close();

async function drawClip(path: string): Promise<void> {
  const reader = await openClip(path);
  const tracker = new FaceTracker(finder);
  const tiles: Buffer[] = [];
  let [height, count, faceTime] = [0, 0, 0];
  let lastEnd = 0;
  const timed = async function* () {
    for await (const frame of reader.frames(parseSampling(sampling))) {
      lastEnd = performance.now();
      yield frame;
    }
  };
  for await (const { frame, faces, cut } of tracker.follow(timed())) {
    faceTime += performance.now() - lastEnd;
    height = Math.round((frame.height * tileWidth) / frame.width);
    if (count++ % Math.max(1, Number(process.env.EVERY ?? 1)) === 0 && tiles.length < mostTiles) {
      tiles.push(await drawFrame(frame, faces, `${frame.index}${cut ? ' CUT' : ''}`));
      for (const { face } of faces.slice(0, process.env.CROPS ? 1 : 0)) {
        tiles.push(await cropsOf(frame, face, height));
      }
    }
  }
  await reader.close();
  const rows = Math.ceil(tiles.length / 4);
  const sheet = join(out, `${basename(path)}.${sampling.replace(/\W/g, '-')}.png`);
  await sharp({ create: { width: 4 * tileWidth, height: rows * height, channels: 3, background: 'black' } })
    .composite(
      tiles.map((input, i) => ({ input, left: (i % 4) * tileWidth, top: Math.floor(i / 4) * height })),
    )
    .png()
    .toFile(sheet);
  const tracks = tracker.tracks().map(({ id, person, faces }) => {
    return `${id}/person ${person}: ${faces.length} (${faces[0].frameIndex}-${faces[faces.length - 1].frameIndex})`;
  });
  console.log(
    `${sheet}: ${count} frames, ${(faceTime / count).toFixed(1)} ms a frame for faces\n  tracks ${tracks.join(', ')}`,
  );
  const cuts = tracker.cuts().map((cut) => cut.frameIndex);
  console.log(`  cuts ${cuts.join(' ') || 'none'}; dropped ${JSON.stringify(tracker.dropped())}`);
}

async function drawFrame(picture: Picture, faces: readonly FaceInTrack[], title: string): Promise<Buffer> {
  const scale = tileWidth / picture.width;
  const height = Math.round(picture.height * scale);
  const dot = (x: number, y: number, radius: number, colour: string) =>
    `<circle cx="${x * scale}" cy="${y * scale}" r="${radius}" fill="${colour}"/>`;
  const marks = faces.map(({ trackId, face }) => {
    const colour = colours[trackId % colours.length];
    const { x, y, width, height: tall } = face.box;
    const dots = Array.from({ length: 468 }, (_, i) =>
      dot(face.mesh[3 * i], face.mesh[3 * i + 1], 0.5, colour),
    );
    const main = sixtyEightPoints(face.mesh).map((p) => dot(p.x, p.y, 0.9, 'red'));
    const label = `${trackId} ${face.confidence.toFixed(2)}/${face.meshConfidence.toFixed(2)}`;
    return `<rect x="${x * scale}" y="${y * scale}" width="${width * scale}" height="${tall * scale}" fill="none"
      stroke="${colour}"/><text x="${x * scale}" y="${y * scale - 3}" fill="${colour}" font-size="14">${label}</text>
      ${dots.join('')}${main.join('')}`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${tileWidth}" height="${height}">
    <text x="4" y="16" fill="yellow" font-size="14">${title}</text>${marks.join('')}</svg>`;
  return raw(picture)
    .resize(tileWidth, height)
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}

/** The four policies side by side, in a tile of the sheet's height. */
async function cropsOf(picture: Picture, face: FaceInTrack['face'], height: number): Promise<Buffer> {
  const size = Math.min(tileWidth / 2, Math.floor(height / 2));
  const crops = [
    cropFace(picture, face, { kind: 'aligned', margin: 0.1 }, size),
    cropFace(picture, face, { kind: 'square', scale: 1.3, fill: 'edge' }, size),
    cropFace(picture, face, { kind: 'square', scale: 2, fill: 'zero' }, size),
    cropFace(picture, face, { kind: 'landmark-centred', scale: 1.1 }, size),
  ];
  const inputs = await Promise.all(crops.map((crop) => raw(crop).png().toBuffer()));
  return sharp({ create: { width: tileWidth, height, channels: 3, background: 'grey' } })
    .composite(inputs.map((input, i) => ({ input, left: (i % 2) * size, top: Math.floor(i / 2) * size })))
    .png()
    .toBuffer();
}

function raw({ data, width, height }: Picture) {
  return sharp(data, { raw: { width, height, channels: 3 } });
}
