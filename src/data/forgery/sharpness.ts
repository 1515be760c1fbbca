/** Losing detail by fewer pixels, and overdoing it by sharpening. */
import type { Picture } from '../../media/types.ts';

/** Keeps each `factor`-th pixel of each `factor`-th row, and enlarges them bilinearly to the size it had. */
export function pixelate(picture: Picture, factor: number): Picture {
  const { width, height, data } = picture;
  const small = {
    width: Math.max(1, Math.round(width / factor)),
    height: Math.max(1, Math.round(height / factor)),
  };
  const out = new Uint8Array(data.length);
  const taps = (length: number, kept: number) => {
    const [low, high, share] = [new Int32Array(length), new Int32Array(length), new Int32Array(length)];
    const nearest = (k: number) => Math.min(length - 1, Math.floor(((k + 0.5) * length) / kept));
    for (let i = 0; i < length; i++) {
      const at = Math.min(kept - 1, Math.max(0, ((i + 0.5) * kept) / length - 0.5));
      const first = Math.floor(at);
      low[i] = nearest(first);
      high[i] = nearest(Math.min(kept - 1, first + 1));
      share[i] = Math.round((at - first) * 256);
    }
    return { low, high, share };
  };
  const across = taps(width, small.width);
  const down = taps(height, small.height);
  for (let y = 0, to = 0; y < height; y++) {
    const upper = down.low[y] * width;
    const lower = down.high[y] * width;
    const fy = down.share[y];
    for (let x = 0; x < width; x++, to += 3) {
      const left = across.low[x];
      const right = across.high[x];
      const fx = across.share[x];
      const w11 = fx * fy;
      const w01 = (fx << 8) - w11;
      const w10 = (fy << 8) - w11;
      const w00 = 65_536 - w01 - w10 - w11;
      const [p, q, r, s] = [(upper + left) * 3, (upper + right) * 3, (lower + left) * 3, (lower + right) * 3];
      for (let channel = 0; channel < 3; channel++) {
        out[to + channel] =
          (w00 * data[p + channel] +
            w01 * data[q + channel] +
            w10 * data[r + channel] +
            w11 * data[s + channel] +
            32_768) >>
          16;
      }
    }
  }
  return { width, height, data: out };
}

/** v + α (8 v - the sum of its eight neighbours), clamped; the border stays. @param alpha 0 to 1, in steps of 1/256 */
export function sharpen({ width, height, data }: Picture, alpha: number): Picture {
  const out = data.slice();
  const line = width * 3;
  const fixed = Math.round(alpha * 256);
  // Sums of three rows, once a column: nine additions become five.
  const sums = new Int32Array(line);
  for (let y = 1; y < height - 1; y++) {
    const at = y * line;
    for (let i = 0; i < line; i++) sums[i] = data[at - line + i] + data[at + i] + data[at + line + i];
    for (let i = 3; i < line - 3; i++) {
      const value = data[at + i];
      const next = ((value << 8) + fixed * (9 * value - sums[i - 3] - sums[i] - sums[i + 3]) + 128) >> 8;
      out[at + i] = next < 0 ? 0 : Math.min(next, 255);
    }
  }
  return { width, height, data: out };
}
