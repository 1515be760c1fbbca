/** Occlusion sensitivity (Zeiler & Fergus 2014): how far the score falls where a part of the face is covered. */

export interface OcclusionOptions {
  /** count x 3 x side x side values to scores, 0 to 1. */
  score(images: Float32Array, count: number): Promise<Float32Array>;
  /** 3 x height x width, normalised. */
  image: Float32Array;
  width: number;
  height: number;
  /** Side of the cover and distance between covers, pixels. */
  cover?: number;
  stride?: number;
}

export interface Occlusion {
  width: number;
  height: number;
  /** Score of the whole face less that of the covered one, a cell a cover: positive where the part speaks for "manipulated". */
  drop: Float32Array;
  whole: number;
}

const atOnce = 16;

/** Covers are filled with the picture's mean colour, which is less of an edge than black. */
export async function occlusion({
  score,
  image,
  width,
  height,
  cover = 24,
  stride = 12,
}: OcclusionOptions): Promise<Occlusion> {
  const area = width * height;
  const mean = [0, 1, 2].map(
    (channel) => image.subarray(channel * area, (channel + 1) * area).reduce((sum, v) => sum + v, 0) / area,
  );
  const [columns, rows] = [width, height].map((side) => Math.max(1, Math.ceil((side - cover) / stride) + 1));
  const drop = new Float32Array(columns * rows);
  const [whole] = await score(image, 1);
  for (let from = 0; from < drop.length; from += atOnce) {
    const count = Math.min(atOnce, drop.length - from);
    const batch = new Float32Array(count * 3 * area);
    for (let k = 0; k < count; k++) {
      const at = k * 3 * area;
      batch.set(image, at);
      const top = Math.floor((from + k) / columns) * stride;
      const left = ((from + k) % columns) * stride;
      for (let channel = 0; channel < 3; channel++) {
        for (let y = top; y < Math.min(height, top + cover); y++) {
          const line = at + channel * area + y * width;
          batch.fill(mean[channel], line + left, line + Math.min(width, left + cover));
        }
      }
    }
    const scores = await score(batch, count);
    for (let k = 0; k < count; k++) drop[from + k] = whole - scores[k];
  }
  return { width: columns, height: rows, drop, whole };
}
