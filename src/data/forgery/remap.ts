/** Resampling a picture through a dense map. */
import type { Picture } from '../../media/types.ts';
import type { SampleMap } from './triangulation.ts';

/**
 * A picture of `width` x `height` that shows in the map's box what the map points at, black elsewhere. Bilinear, the
 * border repeats; points within 1/256 px of a pixel's centre give that pixel exactly.
 */
export function remap(picture: Picture, map: SampleMap, width: number, height: number): Picture {
  const { data, width: sourceWidth, height: sourceHeight } = picture;
  const out = new Uint8Array(width * height * 3);
  const [lastX, lastY] = [sourceWidth - 1, sourceHeight - 1];
  const stride = sourceWidth * 3;
  const { box } = map;
  for (let row = 0, i = 0; row < box.height; row++) {
    let to = ((box.y + row) * width + box.x) * 3;
    for (let column = 0; column < box.width; column++, i++, to += 3) {
      let x = map.x[i] - 0.5;
      let y = map.y[i] - 0.5;
      x = x < 0 ? 0 : Math.min(x, lastX);
      y = y < 0 ? 0 : Math.min(y, lastY);
      const u = Math.round(x * 256);
      const v = Math.round(y * 256);
      const fx = u & 255;
      const fy = v & 255;
      const at = (v >> 8) * stride + (u >> 8) * 3;
      const k = fx > 0 ? 3 : 0;
      const j = fy > 0 ? stride : 0;
      const w11 = fx * fy;
      const w01 = (fx << 8) - w11;
      const w10 = (fy << 8) - w11;
      const w00 = 65_536 - w01 - w10 - w11;
      for (let c = at, o = to; c < at + 3; c++, o++) {
        out[o] =
          (w00 * data[c] + w01 * data[c + k] + w10 * data[c + j] + w11 * data[c + j + k] + 32_768) >> 16;
      }
    }
  }
  return { width, height, data: out };
}
