/** Moving landmarks as expressions do. */
import type { Point } from '../../base/geometry.ts';
import type { Random } from '../../base/random.ts';
import { type FaceAxes, parts } from './face-points.ts';
import type { Parameters } from './types.ts';

/** Largest moves, in eye distances; drawn evenly between their negative and positive ends. */
const largest = { open: 0.16, smile: 0.12, pucker: 0.08, shift: 0.05, brows: 0.1 } as const;

const upperLip = [49, 50, 51, 52, 53, 61, 62, 63];
const lowerLip = [55, 56, 57, 58, 59, 65, 66, 67];
const leftCorner = [48, 60];
const rightCorner = [54, 64];
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
  move(lowerLip, shift, open);
  move([6, 7, 8, 9, 10], 0.5 * shift, 0.7 * open);
  move([4, 5, 11, 12], 0.2 * shift, 0.35 * open);
  move(upperLip, shift, -0.15 * open - 0.15 * smile);
  move(leftCorner, shift - 0.6 * smile + pucker, 0.3 * open - smile);
  move(rightCorner, shift + 0.6 * smile - pucker, 0.3 * open - smile);
  move([...parts.leftBrow, ...parts.rightBrow], 0, -brows);
  for (const [k, upper] of upperLids.entries()) {
    const lower = points[lowerLids[k]];
    out[upper].x += lids * (lower.x - points[upper].x);
    out[upper].y += lids * (lower.y - points[upper].y);
  }
  return { points: out, parameters: { open, smile, pucker, shift, brows, lids } };
}
