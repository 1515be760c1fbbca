import { boundsOf, centre } from '../../../base/geometry.ts';
import type { Random } from '../../../base/random.ts';
import { blend, maskBounds } from '../blend.ts';
import { transferColour, transfers } from '../colour.ts';
import { pick } from '../face-points.ts';
import { around, drawPolygons, gridOver, toMask } from '../mask-grid.ts';
import { scaleAbout } from '../polygon.ts';
import { remap } from '../remap.ts';
import { featherBy, shrinkBy, sigmaOf } from '../soften.ts';
import { piecewiseAffine, triangulatedOutline } from '../triangulation.ts';
import type { Blended, Family, LandmarkedPicture } from '../types.ts';

/**
 * Landmark face swap, as FaceSwap does it (001 §3.1: landmarks, warp, colour correction, feathered blend): each of the
 * 111 triangles between a donor's 68 points goes affinely onto the target's, so expression and pose are the target's
 * and the texture the donor's. Jaw to brows; no forehead.
 */
export const faceSwap: Family = {
  kind: 'face-swap',
  label: 1,
  donor: 'required',
  make({ picture, points }: LandmarkedPicture, random: Random, donor?: LandmarkedPicture): Blended {
    if (!donor) throw new Error('face-swap needs a donor');
    const { width, height } = picture;
    const face = boundsOf(points);
    const map = piecewiseAffine(points, donor.points, { width, height });
    const swapped = remap(donor.picture, map, width, height);

    const inset = random.uniform(0.94, 1);
    const polygon = scaleAbout(pick(points, triangulatedOutline), centre(face), inset);
    const grid = around(gridOver(points, 224, 224), [polygon]);
    const shrink = random.integer(0, 3);
    const feather = random.integer(1, 8);
    const drawn = shrinkBy(grid, drawPolygons(grid, [polygon]), shrink + feather);
    const mask = toMask(grid, featherBy(grid, drawn, feather, sigmaOf(feather)), width, height);

    const transfer = random.pick(transfers);
    const sigma = face.width * random.uniform(0.12, 0.3);
    const pasted = maskBounds(mask) ? transferColour(picture, swapped, mask, transfer, sigma) : picture;
    return {
      real: picture,
      fake: blend(picture, pasted, mask, 1),
      mask,
      ratio: 1,
      parameters: {
        transfer,
        shrink,
        feather,
        enlargement: face.width / boundsOf(donor.points).width,
      },
    };
  },
};
