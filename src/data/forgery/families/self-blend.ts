import { boundsOf, centre } from '../../../base/geometry.ts';
import type { Random } from '../../../base/random.ts';
import { apply, invert } from '../../../faces/warp.ts';
import { scaleShift, warpBox } from '../align.ts';
import { blend, maskBounds } from '../blend.ts';
import { drawMismatch } from '../degrade.ts';
import { deform, elasticField } from '../elastic.ts';
import { looseBox } from '../face-points.ts';
import { around, drawGrid, drawPolygons, toMask } from '../mask-grid.ts';
import { maskShapes, shapePolygons } from '../masks.ts';
import { softenTwice } from '../soften.ts';
import type { Blended, Family, LandmarkedPicture } from '../types.ts';

/** Where full, how much of the source shows: half of all blends are whole (field.md §4.6). */
const ratios = [0.25, 0.5, 0.75, 1, 1, 1];

/**
 * Self-blended images (Shiohara and Yamasaki 2022, after field.md §4.3-7): two copies of one picture, one of them
 * slightly changed; a face-shaped part of one, slightly misplaced, is blended into the other. No forgery method leaves
 * fewer traces than this, so a network that sees it sees the others.
 */
export const selfBlend: Family = {
  kind: 'self-blend',
  label: 1,
  donor: 'none',
  make(source: LandmarkedPicture, random: Random): Blended {
    const { picture, points } = source;
    const { width, height } = picture;
    const loose = looseBox(points);

    const shape = random.pick(maskShapes);
    const forehead = random.chance(0.75) ? random.uniform(0.3, 0.5) : 0;
    const changed = drawMismatch(source, random);
    const sourceIsChanged = random.chance(0.5);
    const [pasted, target] = sourceIsChanged ? [changed.picture, picture] : [picture, changed.picture];

    const place = scaleShift(centre(boundsOf(points)), random.uniform(0.95, 1 / 0.95), {
      x: random.uniform(-0.03, 0.03) * loose.width,
      y: random.uniform(-0.015, 0.015) * loose.height,
    });
    const moved = points.map(({ x, y }) => apply(place, x, y));
    const loosely = drawGrid(points, random);
    const polygons = shapePolygons(moved, shape, forehead, random);
    const grid = around(loosely, polygons);
    const drawn = drawPolygons(grid, polygons);
    const bent = deform(grid, drawn, elasticField(grid, { alpha: 50, sigma: 7 }, random));
    const soft = softenTwice(grid, bent, random);
    const mask = toMask(grid, soft.cells, width, height);
    const ratio = random.pick(ratios);

    const box = maskBounds(mask);
    const aligned = box ? warpBox(pasted, invert(place), width, height, box) : target;
    return {
      real: target,
      fake: blend(target, aligned, mask, ratio),
      mask,
      ratio,
      parameters: {
        shape,
        forehead,
        ...changed.parameters,
        changed: sourceIsChanged ? 'source' : 'target',
        scale: place[0],
        shrink: soft.shrink,
        feather: soft.feather,
        ratio,
      },
    };
  },
};
