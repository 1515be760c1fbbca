/** Moving landmarks as expressions do. */
import type { Point } from '../../base/geometry.ts';
import type { Random } from '../../base/random.ts';
import { type FaceAxes, meanPoint, parts, pick } from './face-points.ts';
import { landmarkWarp } from './landmark-warp.ts';
import { drawPolygons, gridOver, toMask } from './mask-grid.ts';
import { foreheadArc } from './masks.ts';
import { scaleAbout } from './polygon.ts';
import { featherBy } from './soften.ts';
import { pixelBox, type SampleMap } from './triangulation.ts';
import type { Parameters } from './types.ts';

/** Largest moves, in eye distances; drawn evenly between their negative and positive ends. */
const largest = { open: 0.14, smile: 0.09, pucker: 0.07, shift: 0.04, brows: 0.08 } as const;

/** Lips below the line between the corners. */
const lowerLip = new Set([55, 56, 57, 58, 59, 65, 66, 67]);
const upperLids = [37, 38, 43, 44];
const lowerLids = [41, 40, 47, 46];

export interface Expression {
  /** Where the 68 points go. */
  points: Point[];
  parameters: Parameters;
}

/**
 * A random change of expression: the mouth opens or closes (the jaw follows), its corners rise or fall, come together
 * or part, it shifts sideways; brows rise or fall; lids close by up to 70 % or widen by 30 %. With `mouthOnly`, what is
 * above the nose stays (NeuralTextures changes nothing else). The mouth always moves noticeably: by 0.05 eye distances
 * at least.
 */
export function drawExpression(
  points: readonly Point[],
  { right, down, unit }: FaceAxes,
  random: Random,
  mouthOnly: boolean,
): Expression {
  const draw = (most: number) => random.uniform(-most, most);
  let open = draw(largest.open);
  let smile = draw(largest.smile);
  const pucker = draw(largest.pucker);
  const shift = draw(largest.shift);
  const brows = mouthOnly ? 0 : draw(largest.brows);
  const lids = mouthOnly ? 0 : random.uniform(-0.3, 0.7);
  if (Math.abs(open) + Math.abs(smile) + Math.abs(pucker) < 0.1) {
    open += Math.sign(open || 1) * 0.05;
    smile += Math.sign(smile || 1) * 0.05;
  }
  // A mouth cannot close farther than shut: the lips would fold over each other.
  const gap = Math.hypot(points[66].x - points[62].x, points[66].y - points[62].y) / unit;
  if (open < 0 && -open > 0.9 * gap) {
    smile += Math.sign(smile || 1) * 0.05;
    open = -0.9 * gap;
  }

  const out = points.map(({ x, y }) => ({ x, y }));
  const move = (indices: readonly number[], across: number, along: number) => {
    for (const index of indices) {
      out[index].x += across * right.x + along * down.x;
      out[index].y += across * right.y + along * down.y;
    }
  };
  // Along the lips moves grow and fade with u, -1 in the left corner to 1 in the right: no kink, no fold.
  const [left, corner] = [points[48], points[54]];
  const half = Math.hypot(corner.x - left.x, corner.y - left.y) / 2 || 1;
  const lips = { x: (left.x + corner.x) / 2, y: (left.y + corner.y) / 2 };
  for (const index of [...parts.outerLips, ...parts.innerLips]) {
    const { x, y } = points[index];
    const across = ((x - lips.x) * right.x + (y - lips.y) * right.y) / (unit * half);
    const u = Math.max(-1, Math.min(1, across));
    const opening = lowerLip.has(index) ? open * (1 - 0.7 * u * u) : open * (0.45 * u * u - 0.15);
    move([index], shift + u * (0.6 * smile - pucker), opening - smile * u * u);
  }
  move([6, 7, 8, 9, 10], 0.5 * shift, 0.7 * open);
  move([4, 5, 11, 12], 0.2 * shift, 0.35 * open);
  move([...parts.leftBrow, ...parts.rightBrow], 0, -brows);
  for (const [k, upper] of upperLids.entries()) {
    const lower = points[lowerLids[k]];
    out[upper].x += lids * (lower.x - points[upper].x);
    out[upper].y += lids * (lower.y - points[upper].y);
  }
  return { points: out, parameters: { open, smile, pucker, shift, brows, lids } };
}

/**
 * The warp from one set of landmarks to another, in `reach` px around each: ears, hair and neck are held by points
 * around the face, and what is left of a move fades to nothing where they stand.
 */
export function warpFace(
  to: readonly Point[],
  from: readonly Point[],
  reach: number,
  size: { width: number; height: number },
): { map: SampleMap; moved: Float32Array } {
  const middle = meanPoint(pick(from, [0, 16, 8, 27]));
  const outline = [...pick(from, parts.jaw), ...foreheadArc(from, 0.45)];
  const held = scaleAbout(outline, middle, 1.35);
  const box = pixelBox(held, size.width, size.height);
  const { map, moved } = landmarkWarp([...to, ...held], [...from, ...held], reach, box);
  // 96 cells over two faces' widths: the window falls from 1 to 0 within a tenth of a face.
  const grid = gridOver(from, 96, 96);
  const cells = featherBy(grid, drawPolygons(grid, [scaleAbout(outline, middle, 1.15)]), 4, 4);
  const window = toMask(grid, cells, size.width, size.height);
  for (let row = 0, i = 0; row < box.height; row++) {
    let at = (box.y + row) * size.width + box.x;
    for (let column = 0; column < box.width; column++, i++, at++) {
      const share = window.data[at] / 255;
      const [x, y] = [box.x + column + 0.5, box.y + row + 0.5];
      map.x[i] = x + share * (map.x[i] - x);
      map.y[i] = y + share * (map.y[i] - y);
      moved[i] *= share;
    }
  }
  return { map, moved };
}
