/** A thread of `dataset synthesize`. */
import { join } from 'node:path';
import { describe } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { FaceFinder } from '../../faces/finder.ts';
import { sixtyEightPoints } from '../../faces/landmarks.ts';
import { openFinder } from '../../faces/open-finder.ts';
import { encodeJpeg, encodeMask, encodePng, readPicture } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import { noise } from '../augment/noise.ts';
import type { Sample, UnitResult } from '../build/part.ts';
import { serveUnits } from '../build/unit-worker.ts';
import { type LandmarkedPicture, landmarkFault } from '../forgery/index.ts';
import { readThrough } from '../shards.ts';
import type { SourceItem } from '../source.ts';
import { readPoints } from './landmarks.ts';
import { makePair, type Pair, type PairCrop } from './make-pair.ts';
import type { Order, SynthesizeUnit } from './plan.ts';

export interface SynthesizeSettings {
  folder: string;
  seed: number;
  crop: PairCrop | undefined;
  format: 'jpg' | 'png';
  jpegQuality: number;
  /** False: a pair is left without the colour changes and the JPEG that both sides get. */
  post?: false | undefined;
  /** Standard deviation, in levels of 255, of noise on every source picture before anything is forged of it. */
  grain?: number | undefined;
}

serveUnits<SynthesizeSettings, SynthesizeUnit>(async (settings) => {
  let finder: Promise<FaceFinder> | undefined;
  /** The picture with its points; a text where there is no face to forge. */
  const landmarked = async (item: SourceItem): Promise<LandmarkedPicture | string> => {
    const read = await readPicture(await readThrough(join(settings.folder, item.file)));
    const picture =
      settings.grain === undefined ? read : await grainy(read, settings.grain, settings.seed, item.id);
    let points = await readPoints(settings.folder, item);
    if (!points) {
      // Opened at the first need: prepared sets carry their landmarks.
      finder ??= openFinder({ threads: 1 });
      const [face] = await (await finder).find(picture, { tiles: 'never' });
      if (!face) return 'no face found';
      points = sixtyEightPoints(face.mesh);
    }
    return landmarkFault({ picture, points }) ?? { picture, points };
  };
  return {
    close: async () => (await finder)?.close(),
    async make({ orders, first }): Promise<UnitResult> {
      const out: UnitResult = { samples: [], dropped: [], failures: [], counts: {} };
      const counts = { pairs: 0, forgerySeconds: 0 };
      for (const [index, order] of orders.entries()) {
        const { item } = order;
        try {
          const source = await landmarked(item);
          if (typeof source === 'string') {
            out.dropped.push({ id: item.id, reason: source });
            continue;
          }
          const donor = await firstUsable(order, landmarked);
          if (order.donors.length > 0 && !donor) {
            out.dropped.push({ id: item.id, reason: `no donor’s face could be used for a ${order.kind}` });
            continue;
          }
          const began = performance.now();
          const random = new Random(settings.seed, 'forgery', item.id, order.n);
          const pair = await makePair(order.kind, source, random, donor?.face, settings.crop, settings.post);
          counts.forgerySeconds += (performance.now() - began) / 1000;
          counts.pairs++;
          out.samples.push(...(await samplesOf(order, first + index, pair, donor?.item, settings)));
        } catch (thrown) {
          out.failures.push({ id: item.id, file: item.file, reason: describe(thrown) });
        }
      }
      return { ...out, counts };
    },
  };
});

/**
 * As a camera's sensor leaves it: pictures that were shrunk have lost theirs, and with it the plainest trace that a
 * forgery leaves, that its texture comes from elsewhere.
 */
async function grainy(picture: Picture, deviation: number, seed: number, id: string): Promise<Picture> {
  const random = new Random(seed, 'grain', id);
  const add = noise.draw({ deviation: [deviation, deviation], probability: 1 }, random);
  // It works in place, and the reader's bytes are the reader's.
  return add({ ...picture, data: picture.data.slice() });
}

async function firstUsable(
  { donors }: Order,
  landmarked: (item: SourceItem) => Promise<LandmarkedPicture | string>,
): Promise<{ item: SourceItem; face: LandmarkedPicture } | undefined> {
  for (const item of donors) {
    const face = await landmarked(item).catch(describe);
    if (typeof face !== 'string') return { item, face };
  }
  return undefined;
}

async function samplesOf(
  { item, kind, n }: Order,
  number: number,
  pair: Pair,
  donor: SourceItem | undefined,
  { format, jpegQuality }: SynthesizeSettings,
): Promise<Sample[]> {
  const encode = (picture: Pair['real']) =>
    format === 'png' ? encodePng(picture) : encodeJpeg(picture, jpegQuality);
  const { id, videoId, sourceId, split, licence, compression, nativeWidth } = item;
  const shared = {
    split,
    licence,
    compression,
    nativeWidth,
    width: pair.real.width,
    height: pair.real.height,
  };
  const key = `p${String(number).padStart(7, '0')}`;
  const landmarks = pair.points.map(({ x, y }) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]);
  const realId = `${id}/${n}/real`;
  return [
    {
      key: `${key}-a`,
      item: { ...shared, id: realId, label: 0, method: 'original', videoId, sourceId },
      image: { extension: format, bytes: await encode(pair.real) },
      more: { sourceFile: item.file, landmarks },
    },
    {
      key: `${key}-b`,
      item: {
        ...shared,
        id: `${id}/${n}/${kind}`,
        label: pair.label,
        method: kind,
        // A video of its own: figures by video must not average a real picture with its forgery.
        videoId: `${videoId}/${kind}`,
        sourceId: donor ? `${sourceId}+${donor.sourceId}` : sourceId,
        original: realId,
      },
      image: { extension: format, bytes: await encode(pair.fake) },
      mask: await encodeMask(pair.mask),
      more: { sourceFile: item.file, donorFile: donor?.file, parameters: pair.parameters, landmarks },
    },
  ];
}
