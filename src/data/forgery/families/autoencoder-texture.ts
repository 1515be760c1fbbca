import type { Point } from '../../../base/geometry.ts';
import type { Random } from '../../../base/random.ts';
import { invert, squareMatrix, warpAffine } from '../../../faces/warp.ts';
import { warpBox } from '../align.ts';
import { blend, maskBounds } from '../blend.ts';
import { bottleneck } from '../bottleneck.ts';
import { drawColour, recoloured } from '../colour.ts';
import { faceAxes, looseBox } from '../face-points.ts';
import { around, drawGrid, drawPolygons, toMask } from '../mask-grid.ts';
import { shapePolygons } from '../masks.ts';
import { softenTwice } from '../soften.ts';
import type { Blended, Family, LandmarkedPicture } from '../types.ts';

/**
 * What is left of a face behind an auto-encoder (000 §1.1: 64 x 64 pixels coded by 1,024 variables "poorly reconstruct
 * fine details"): the aligned face is shrunk to 64 or 96 pixels, kept to its lowest frequencies, enlarged and blended
 * back with slightly other colours. The person stays the same; only the texture is a generator's.
 */
export const autoencoderTexture: Family = {
  kind: 'autoencoder-texture',
  label: 1,
  donor: 'none',
  make({ picture, points }: LandmarkedPicture, random: Random): Blended {
    const { width, height } = picture;
    const { origin, right, down, unit } = faceAxes(points);
    const size = random.pick([64, 96]);
    // The square that face swappers cut: brows to chin with a little around, 3 to 3.4 eye distances wide.
    const side = unit * random.uniform(3, 3.4);
    const middle: Point = { x: origin.x + down.x * 0.75, y: origin.y + down.y * 0.75 };
    const toPicture = squareMatrix(middle, side, Math.atan2(right.y, right.x), size);
    const variables = Math.round(random.uniform(800, 2500) * (size / 64) ** 2);
    const coded = bottleneck(warpAffine(picture, toPicture, size, size, { fill: 'edge' }), variables);
    const tint = drawColour({ shift: 6, saturation: 0.1, contrast: 0.05, probability: 0.7 }, random);
    const decoded = recoloured(coded, tint);

    const loosely = drawGrid(points, random);
    const whole = random.chance(0.15);
    const half = side * 0.44;
    const [ux, uy] = [right.x / unit, right.y / unit];
    const corner = (a: number, b: number) => ({
      x: middle.x + half * (a * ux - b * uy),
      y: middle.y + half * (a * uy + b * ux),
    });
    const square = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
    const shape = whole ? 'square' : random.pick(['face', 'hull'] as const);
    const polygons = shape === 'square' ? [square] : shapePolygons(points, shape, 0, random);
    const grid = around(loosely, polygons);
    const soft = softenTwice(grid, drawPolygons(grid, polygons), random);
    const mask = toMask(grid, soft.cells, width, height);
    const box = maskBounds(mask);
    const back = box ? warpBox(decoded, invert(toPicture), width, height, box) : picture;
    return {
      real: picture,
      fake: blend(picture, back, mask, 1),
      mask,
      ratio: 1,
      parameters: {
        shape,
        size,
        variables,
        shrink: soft.shrink,
        feather: soft.feather,
        side: side / looseBox(points).width,
      },
    };
  },
};
