/**
 * BlazeFace, back-camera model, 256 px (Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on
 * Mobile GPUs", 2019), from the files of `@vladmandic/human`.
 */
import type { Box } from '../base/geometry.ts';
import { floats, tensor } from '../graph/tensor.ts';
import type { Picture } from '../media/types.ts';
import { openSession, type Session, type SessionOptions } from '../runtime/session.ts';
import { letterbox, type Placement } from './letterbox.ts';
import type { ModelFiles } from './model-files.ts';
import { type Detection, weightedNms } from './nms.ts';
import { tfjsToOnnx } from './tfjs.ts';
import { parseTfjs } from './tfjs-model.ts';

export const inputSize = 256;

/** Centres of the anchors in input pixels, x y pairs, in the outputs' order: 16x16 cells x 2, then 8x8 x 6. */
export const anchors: Float32Array = makeAnchors();

function makeAnchors(): Float32Array {
  const centres: number[] = [];
  for (const { cells, each } of [
    { cells: 16, each: 2 },
    { cells: 8, each: 6 },
  ]) {
    const stride = inputSize / cells;
    for (let row = 0; row < cells; row++) {
      for (let column = 0; column < cells; column++) {
        for (let i = 0; i < each; i++) centres.push((column + 0.5) * stride, (row + 0.5) * stride);
      }
    }
  }
  return Float32Array.from(centres);
}

/** Boxes that share this much are one face. */
export const overlapOfOneFace = 0.3;

export class BlazeFace {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async open(files: ModelFiles, options: SessionOptions): Promise<BlazeFace> {
    const model = tfjsToOnnx(parseTfjs(await files.read('blazeface')), {
      scores16: 'Identity',
      scores8: 'Identity_1',
      boxes16: 'Identity_2',
      boxes8: 'Identity_3',
    });
    return new BlazeFace(await openSession(model, options));
  }

  /** As {@link detectEach}, with the regions' detections merged: strongest first. */
  async detect(picture: Picture, regions: readonly Box[], threshold: number): Promise<Detection[]> {
    return weightedNms((await this.detectEach(picture, regions, threshold)).flat(), overlapOfOneFace);
  }

  /**
   * Looks at regions of a picture (frame pixels; may reach outside, which is black) in one batch. For each region its
   * detections, scored at least `threshold`, in frame pixels, strongest first.
   */
  async detectEach(picture: Picture, regions: readonly Box[], threshold: number): Promise<Detection[][]> {
    if (regions.length === 0) return [];
    const input = new Float32Array(regions.length * 3 * inputSize * inputSize);
    const placements = regions.map((region, i) => letterbox(picture, region, inputSize, input, i));
    const dims = [regions.length, 3, inputSize, inputSize];
    const results = await this.#session.run({ input: tensor(input, dims) });
    return placements.map((placement, i) => {
      let firstAnchor = 0;
      const found: Detection[] = [];
      for (const level of ['16', '8']) {
        const scores = floats(results[`scores${level}`]);
        const count = scores.length / regions.length;
        const scored = scores.subarray(i * count, (i + 1) * count);
        const boxes = floats(results[`boxes${level}`]).subarray(i * count * 16, (i + 1) * count * 16);
        found.push(...decode(scored, boxes, firstAnchor, threshold, regions[i], placement));
        firstAnchor += count;
      }
      return weightedNms(found, overlapOfOneFace);
    });
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}

/** Raw outputs to frame pixels: 16 numbers a box, offsets from the anchor in input pixels (centre, size, 6 points). */
export function decode(
  logits: Float32Array,
  raw: Float32Array,
  firstAnchor: number,
  threshold: number,
  region: Box,
  { scale, left, top }: Placement,
): Detection[] {
  const found: Detection[] = [];
  const limit = Math.log(threshold / (1 - threshold));
  for (let i = 0; i < logits.length; i++) {
    if (!(logits[i] >= limit)) continue;
    const centreX = anchors[2 * (firstAnchor + i)];
    const centreY = anchors[2 * (firstAnchor + i) + 1];
    const at = i * 16;
    const toX = (offset: number) => (offset + centreX - left) / scale + region.x;
    const toY = (offset: number) => (offset + centreY - top) / scale + region.y;
    const [width, height] = [raw[at + 2] / scale, raw[at + 3] / scale];
    found.push({
      score: 1 / (1 + Math.exp(-logits[i])),
      box: { x: toX(raw[at]) - width / 2, y: toY(raw[at + 1]) - height / 2, width, height },
      points: Array.from({ length: 6 }, (_, k) => ({
        x: toX(raw[at + 4 + 2 * k]),
        y: toY(raw[at + 5 + 2 * k]),
      })),
    });
  }
  return found;
}
