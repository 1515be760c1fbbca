import { boundsOf, type Point } from '../../../base/geometry.ts';
import type { Random } from '../../../base/random.ts';
import { apply, invert } from '../../../faces/warp.ts';
import { fitSimilarity, scaleShift, warpBox } from '../align.ts';
import { blend, maskBounds } from '../blend.ts';
import { transferColour } from '../colour.ts';
import { drawMismatch } from '../degrade.ts';
import { deform, elasticField } from '../elastic.ts';
import { drawExpression, warpFace } from '../expression.ts';
import { faceAxes, meanPoint, parts, pick } from '../face-points.ts';
import { around, drawGrid, drawPolygons, keepInside, toMask } from '../mask-grid.ts';
import { mouthPolygon } from '../masks.ts';
import { remap } from '../remap.ts';
import { featherBy, shrinkBy } from '../soften.ts';
import type { Blended, Family, LandmarkedPicture } from '../types.ts';

/** Nose base, jaw and eyes: what stays when a person speaks, and so aligns two frames of them. */
const steady = [...parts.bridge, ...parts.nostrils, ...parts.leftEye, ...parts.rightEye, 2, 3, 13, 14];

/**
 * The mouth of another moment, as NeuralTextures and lip synchronisation leave it: only the lower face is redrawn,
 * sharper or softer and a little misplaced, and blended in. With a `donor`, another frame of the same person, the
 * mouth is its; without, it is the same mouth with another expression or none.
 */
export const mouthBlend: Family = {
  kind: 'mouth-blend',
  label: 1,
  donor: 'optional',
  make(source: LandmarkedPicture, random: Random, donor?: LandmarkedPicture): Blended {
    const { picture, points } = source;
    const { width, height } = picture;
    const axes = faceAxes(points);
    const loosely = drawGrid(points, random);
    const lips = meanPoint(pick(points, parts.outerLips));
    const place = scaleShift(lips, random.uniform(0.96, 1.04), {
      x: random.uniform(-0.04, 0.04) * axes.unit,
      y: random.uniform(-0.04, 0.04) * axes.unit,
    });
    const reach = random.uniform(0.4, 1.1);
    const polygon = mouthPolygon(points, reach).map(({ x, y }) => apply(place, x, y));
    const grid = around(loosely, [polygon]);
    const drawn = drawPolygons(grid, [polygon]);

    const expression = random.chance(0.6) ? drawExpression(points, axes, random, true) : undefined;
    const changed = drawMismatch(donor ?? source, random, { shift: 6 });
    let from: LandmarkedPicture = { picture: changed.picture, points: donor?.points ?? points };
    if (!donor && expression) from = { picture: express(from, expression.points, axes.unit), points };
    const toSource = donor
      ? invert(fitSimilarity(pick(donor.points, steady), pick(points, steady)))
      : invert(place);
    if (donor) keepInside(grid, drawn, toSource, donor.picture);

    const bent = deform(grid, drawn, elasticField(grid, { alpha: 40, sigma: 7 }, random));
    const shrink = random.integer(1, 4);
    const feather = random.integer(2, 8);
    const soft = featherBy(grid, shrinkBy(grid, bent, shrink), feather, random.uniform(2, 20));
    const mask = toMask(grid, soft, width, height);
    const ratio = random.pick([0.5, 0.75, 1, 1, 1]);

    const box = maskBounds(mask);
    let pasted = box ? warpBox(from.picture, toSource, width, height, box) : picture;
    if (box && donor) pasted = transferColour(picture, pasted, mask, 'mean', boundsOf(points).width / 4);
    return {
      real: picture,
      fake: blend(picture, pasted, mask, ratio),
      mask,
      ratio,
      parameters: {
        reach,
        from: donor ? 'frame' : expression ? 'expression' : 'self',
        ...changed.parameters,
        shrink,
        feather,
        ratio,
      },
    };
  },
};

/** The picture with its mouth moved to `to`. */
function express({ picture, points }: LandmarkedPicture, to: readonly Point[], unit: number) {
  const { map } = warpFace(to, points, 0.9 * unit, picture);
  return remap(picture, map, picture.width, picture.height);
}
