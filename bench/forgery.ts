/**
 * Pseudo-forgery pairs a second a core: `npx tsx bench/forgery.ts [--kind KIND] [--seconds N] [--write]`.
 * 224-px crops of ../shared/data/train/ytfaces, decoded before the clock starts; pairs as training gets them, with
 * their joint colour changes and JPEG. The rate is by processor time, so neighbours on the machine hardly count.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Random } from '../src/base/random.ts';
import {
  families,
  forgeryKinds,
  landmarkFault,
  makeForgery,
  nearestDonor,
  shapeOf,
} from '../src/data/forgery/index.ts';
import { encodeJpeg, readPicture, setPictureThreads } from '../src/media/image.ts';
import { type NamedFace, readYouTubeFace, youTubeFaces } from './landmarked-faces.ts';
import { machine, median } from './machine.ts';

const { values } = parseArgs({
  options: {
    kind: { type: 'string' },
    seconds: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
});
const size = 224;
const rounds = 5;
// Its exports hide package.json from `require`.
const sharpVersion: string = JSON.parse(await readFile('node_modules/sharp/package.json', 'utf8')).version;

setPictureThreads(1);
const faces: NamedFace[] = [];
for (const row of new Random(1, 'bench').shuffle(youTubeFaces())) {
  const face = await readYouTubeFace(row, size);
  if (landmarkFault(face) === undefined) faces.push(face);
  if (faces.length === 64) break;
}
const shapes = faces.map((face) => ({ sourceId: face.person, shape: shapeOf(face.points) }));
const donors = faces.map(({ points, person }) => faces[nearestDonor(points, person, shapes)?.index ?? 0]);

const rows = [];
for (const kind of forgeryKinds.filter((name) => !values.kind || name === values.kind)) {
  for (const postProcessed of kind === 'self-blend' ? [true, false] : [true]) {
    const rates: number[] = [];
    const inTrips: number[] = [];
    let made = 0;
    for (let round = -1; round < rounds; round++) {
      const before = process.cpuUsage();
      const start = made;
      let spent = 0;
      while (spent < Number(values.seconds) / rounds) {
        const i = made % faces.length;
        await makeForgery(kind, faces[i], new Random(1, kind, made++), {
          donor: families[kind].donor === 'required' ? donors[i] : undefined,
          ...(!postProcessed && { postProcess: false as const }),
        });
        const used = process.cpuUsage(before);
        spent = (used.user + used.system) / 1e6;
      }
      // The first round only warms the compiler.
      if (round < 0) continue;
      rates.push((made - start) / spent);
      inTrips.push(spent / (made - start) / (await roundTrip()));
    }
    const name = postProcessed ? kind : `${kind}, not post-processed`;
    rows.push({
      kind: name,
      pairsPerSecondPerCore: round1(median(rates)),
      bestRound: round1(Math.max(...rates)),
      pairInJpegRoundTrips: round1(median(inTrips)),
    });
    console.log(JSON.stringify({ ...rows.at(-1), size, sharp: sharpVersion, ...machine() }));
  }
}

if (values.write) {
  const caveat =
    `Pairs of ${size} px a second of processor time, all threads of the process together, libvips on one thread; ` +
    `median of ${rounds} rounds after one that is not counted. Other machines share the processor, which stretches ` +
    'processor time: compare by `pairInJpegRoundTrips`, measured in the same rounds. Decoding the source, ' +
    'donor search, cropping and augmentation are not in it. SBI is "self-blend".';
  await writeFile(
    'bench/results/forgery.json',
    `${JSON.stringify({ machine: machine(), sharp: sharpVersion, rounds, caveat, rows }, null, 2)}\n`,
  );
}

/** Seconds of processor time that libjpeg takes for one of the faces, written and read: the yardstick of each round. */
async function roundTrip(): Promise<number> {
  const count = 20;
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) await readPicture(await encodeJpeg(faces[i].picture, 80));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / count;
}

function round1(value: number): number {
  return Math.round(10 * value) / 10;
}
