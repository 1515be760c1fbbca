/**
 * How long faces take: `npx tsx bench/faces.ts [CLIP]` prints one JSON line. Medians over repeats, after warming up;
 * provisional wherever other work shares the cores.
 */
import { cpus, loadavg } from 'node:os';
import { BlazeFace, inputSize } from '../src/faces/blazeface.ts';
import { cropFace } from '../src/faces/crop.ts';
import { FaceMesh, roiOfDetection } from '../src/faces/facemesh.ts';
import { Identity, portraitOf } from '../src/faces/identity.ts';
import { installedModelFiles } from '../src/faces/installed-model-files.ts';
import { letterbox } from '../src/faces/letterbox.ts';
import { openFinder } from '../src/faces/open-finder.ts';
import { shotSignature } from '../src/faces/shots.ts';
import { tfjsToOnnx } from '../src/faces/tfjs.ts';
import { parseTfjs } from '../src/faces/tfjs-model.ts';
import { tiles, wholeFrame } from '../src/faces/tiles.ts';
import { squareMatrix, warpAffine } from '../src/faces/warp.ts';
import { openClip } from '../src/media/open.ts';
import { parseSampling } from '../src/media/sampling.ts';
import type { Picture } from '../src/media/types.ts';

const options = { threads: 2 };
const repeats = 15;
const round = (ms: number) => Math.round(ms * 100) / 100;

async function median(work: () => unknown): Promise<number> {
  for (let i = 0; i < 3; i++) await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return round(times.sort((a, b) => a - b)[repeats >> 1]);
}

async function once(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return round(performance.now() - start);
}

const file = await installedModelFiles.read('blazeface');
const start = {
  convertBlazeface: await once(async () => tfjsToOnnx(parseTfjs(file), { boxes: 'Identity_2' })),
  convertFacemesh: await once(async () =>
    tfjsToOnnx(parseTfjs(await installedModelFiles.read('facemesh')), { mesh: 'Identity_2' }),
  ),
  openFinder: await once(() => openFinder(options).then((finder) => finder.close())),
  openIdentity: await once(() => Identity.open(installedModelFiles, options).then((one) => one.dispose())),
};

const path =
  process.argv[2] ?? new URL('../../shared/data/dev/videos/ffpp-c40-183.mp4', import.meta.url).pathname;
const reader = await openClip(path);
let first: Picture | undefined;
for await (const frame of reader.frames(parseSampling('even:1')))
  first = { ...frame, data: frame.data.slice() };
await reader.close();
if (!first) throw new Error(`${path} has no frame`);

const finder = await openFinder(options);
const detector = await BlazeFace.open(installedModelFiles, options);
const mesher = await FaceMesh.open(installedModelFiles, options);
const identity = await Identity.open(installedModelFiles, options);
const sizes: Record<string, Record<string, number>> = {};
for (const [width, height] of [
  [640, 360],
  [1280, 720],
  [1920, 1080],
]) {
  // The same scene at each size, cut to 16:9 about its middle.
  const scale = Math.min(first.width / width, first.height / height);
  const picture = warpAffine(
    first,
    [scale, 0, (first.width - width * scale) / 2, 0, scale, (first.height - height * scale) / 2],
    width,
    height,
    { fill: 'edge' },
  );
  const whole = wholeFrame(width, height);
  const detections = await detector.detect(picture, [whole], 0.5);
  const [face] = await finder.find(picture);
  if (!face) throw new Error(`no face at ${width}x${height}`);
  const input = new Float32Array(3 * inputSize * inputSize);
  const roi = roiOfDetection(detections[0]);
  const portrait = portraitOf(picture, face);
  sizes[`${width}x${height}`] = {
    letterbox: await median(() => letterbox(picture, whole, inputSize, input, 0)),
    detect: await median(() => detector.detect(picture, [whole], 0.5)),
    detectTiles: await median(() => detector.detect(picture, [whole, ...tiles(width, height)], 0.5)),
    meshPatch: await median(() =>
      warpAffine(picture, squareMatrix(roi.centre, roi.side, roi.angle, 192), 192, 192, { fill: 0 }),
    ),
    mesh: await median(() => mesher.fit(picture, [roi])),
    meshOfFour: await median(() => mesher.fit(picture, [roi, roi, roi, roi])),
    find: await median(() => finder.find(picture)),
    descriptor: await median(() => identity.describe([portrait])),
    crop256: await median(() => cropFace(picture, face, { kind: 'aligned', margin: 0.1 }, 256)),
    shotSignature: await median(() => shotSignature(picture, 0)),
  };
}
await Promise.all([finder.close(), detector.dispose(), mesher.dispose(), identity.dispose()]);
console.log(
  JSON.stringify({
    bench: 'faces',
    unit: 'ms',
    clip: path.split('/').pop(),
    start,
    sizes,
    machine: {
      cpu: cpus()[0].model,
      cores: cpus().length,
      load: loadavg().map(round),
      node: process.version,
    },
    caveat: 'provisional: cores shared with other work; see load',
  }),
);
