/** What sum and mean over axes share. */
import type { Shape } from '../graph/tensor.ts';

export interface ReduceAttributes {
  /** Axes, counted from 0, ascending, each once. */
  readonly axes: readonly number[];
  /** Reduced axes stay, with size 1. */
  readonly keepAxes: boolean;
}

/** Non-negative ascending axes; `undefined` means all. */
export function normaliseAxes(axes: readonly number[] | undefined, rank: number): number[] {
  const all = axes ?? Array.from({ length: rank }, (_, i) => i);
  return [...new Set(all.map((axis) => (axis < 0 ? axis + rank : axis)))].sort((a, b) => a - b);
}

export function reducedShape(
  shape: Shape,
  { axes, keepAxes }: ReduceAttributes,
  fail: (why: string) => never,
): Shape {
  const outside = axes.find((axis) => axis < 0 || axis >= shape.length);
  if (outside !== undefined) return fail(`there is no axis ${outside}`);
  return keepAxes
    ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
    : shape.filter((_, i) => !axes.includes(i));
}

/** The shape with the reduced axes back in place, with size 1. */
export function restoredShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
}
