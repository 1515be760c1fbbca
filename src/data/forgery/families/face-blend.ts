import { boundsOf } from '../../../base/geometry.ts';
import type { Random } from '../../../base/random.ts';
import { invert } from '../../../faces/warp.ts';
import { fitSimilarity, warpBox } from '../align.ts';
import { blend, maskBounds } from '../blend.ts';
import { transferColour } from '../colour.ts';
import { shapeDistance, shapeOf } from '../donor.ts';
import { deform, elasticField } from '../elastic.ts';
import { around, drawGrid, drawPolygons, keepInside, toMask } from '../mask-grid.ts';
import { maskShapes, shapePolygons } from '../masks.ts';
import { featherBy, shrinkBy, sigmaOf, widenBy } from '../soften.ts';
import type { Blended, Family, LandmarkedPicture } from '../types.ts';

/**
 * Blended images of Face X-ray (Li et al. 2020, §3.2; field.md §4 "BI"): the face of another person whose landmarks lie
 * alike, turned and scaled onto the target's, its mean colour made the target's, pasted under a bent and feathered
 * mask. `boundaryOf(mask)` is the face X-ray.
 */
export const faceBlend: Family = {
  kind: 'face-blend',
  label: 1,
  donor: 'required',
  make({ picture, points }: LandmarkedPicture, random: Random, donor?: LandmarkedPicture): Blended {
    if (!donor) throw new Error('face-blend needs a donor');
    const { width, height } = picture;
    const toDonor = invert(fitSimilarity(donor.points, points));

    const shape = random.pick(maskShapes);
    const forehead = random.chance(0.5) ? random.uniform(0.25, 0.4) : 0;
    const loosely = drawGrid(points, random);
    const polygons = shapePolygons(points, shape, forehead, random);
    const grid = around(loosely, polygons);
    const drawn = drawPolygons(grid, polygons);
    // A donor's picture may end above the brows: what it does not show cannot be pasted.
    keepInside(grid, drawn, toDonor, donor.picture);
    // The paper bends masks by piecewise affine maps; an elastic field of 1.2 to 3.5 cells is the same in effect.
    const alpha = random.uniform(50, 150);
    const bent = deform(grid, drawn, elasticField(grid, { alpha, sigma: 9 }, random));
    const grow = random.integer(-10, 2);
    const sized = grow > 0 ? widenBy(grid, bent, grow) : shrinkBy(grid, bent, -grow);
    // Kernels of up to a fifth of the face's width; the loose box is two faces wide.
    const feather = Math.max(2, Math.round(random.uniform(0.02, 0.1) * (loosely.columns / 2)));
    const mask = toMask(grid, featherBy(grid, sized, feather, sigmaOf(feather)), width, height);

    const transfer = random.pick(['mean', 'mean', 'mean-deviation'] as const);
    const box = maskBounds(mask);
    const aligned = box ? warpBox(donor.picture, toDonor, width, height, box) : picture;
    const pasted = transferColour(picture, aligned, mask, transfer, boundsOf(points).width / 4);
    return {
      real: picture,
      fake: blend(picture, pasted, mask, 1),
      mask,
      ratio: 1,
      parameters: {
        shape,
        forehead,
        transfer,
        grow,
        feather,
        landmarkDistance: shapeDistance(shapeOf(points), shapeOf(donor.points)),
      },
    };
  },
};
