import { type Box, boundsOf } from '../../../base/geometry.ts';
import type { Random } from '../../../base/random.ts';
import type { Mask } from '../../../media/image.ts';
import { blend, maskBounds } from '../blend.ts';
import { blurBox } from '../blur.ts';
import { drawColour, recoloured } from '../colour.ts';
import { drawExpression, warpFace } from '../expression.ts';
import { faceAxes } from '../face-points.ts';
import { remap } from '../remap.ts';
import { close } from '../soften.ts';
import type { Blended, Family, LandmarkedPicture } from '../types.ts';

/** The mask is half full where a pixel moved by this many, empty below half of it, full from one and a half on. */
export const movedPixels = 0.6;

/** Reach of a moved landmark, in eye distances: lips pull the cheeks, and leave the eyes alone. */
const reach = 0.9;

/**
 * Another expression by a smooth warp that moves landmarks, the trace of Face2Face (000 §1.2: a reenactment keeps the
 * person and changes the expression). What moved is re-rendered there: here it loses a little of its finest detail
 * and shifts a little in colour. The mask is where pixels moved (see {@link movedPixels}), with the lines closed along
 * which a move changes its sign.
 */
export const expressionWarp: Family = {
  kind: 'expression-warp',
  label: 1,
  donor: 'none',
  make({ picture, points }: LandmarkedPicture, random: Random): Blended {
    const { width, height } = picture;
    const axes = faceAxes(points);
    const { points: moved, parameters } = drawExpression(points, axes, random, random.chance(0.4));
    const warp = warpFace(moved, points, reach * axes.unit, picture);
    const mask = close(movedMask(warp.map.box, warp.moved, width, height), Math.round(0.06 * axes.unit));

    const softness = random.chance(0.6) ? random.uniform(0.003, 0.012) * boundsOf(points).width : 0;
    const tint = drawColour({ shift: 5, saturation: 0.06, contrast: 0.03, probability: 0.5 }, random);
    const warped = recoloured(remap(picture, warp.map, width, height), tint);
    if (softness > 0.3 && maskBounds(mask)) {
      const low = blurBox(warped, softness, mask);
      const clamped = new Uint8ClampedArray(warped.data.buffer);
      for (let i = 0; i < mask.data.length; i++) {
        if (mask.data[i] > 0) for (let at = 3 * i; at < 3 * i + 3; at++) clamped[at] = low[at];
      }
    }
    return {
      real: picture,
      fake: blend(picture, warped, mask, 1),
      mask,
      ratio: 1,
      parameters: { ...parameters, softness },
    };
  },
};

function movedMask(box: Box, moved: Float32Array, width: number, height: number): Mask {
  const data = new Uint8Array(width * height);
  for (let row = 0, i = 0; row < box.height; row++) {
    let to = (box.y + row) * width + box.x;
    for (let column = 0; column < box.width; column++, i++, to++) {
      const share = moved[i] / movedPixels - 0.5;
      data[to] = share <= 0 ? 0 : share >= 1 ? 255 : Math.round(255 * share);
    }
  }
  return { width, height, data };
}
