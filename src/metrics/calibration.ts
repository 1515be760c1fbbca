/** Maps that make scores into probabilities, fitted on validation items; all deterministic. */
import { checkProbabilities } from './log-loss.ts';
import { countClasses, type Scored } from './scored.ts';

/** calibrated = sigmoid(slope * logit(score) + offset): the contract's "platt" (detect/contract.ts). */
export interface Platt {
  slope: number;
  offset: number;
}

const clip = 1e-7;

/** ln(p / (1 - p)) with p pulled into [1e-7, 1 - 1e-7]: float32 networks do say exactly 0 and 1. */
export function logit(p: number): number {
  const q = Math.min(1 - clip, Math.max(clip, p));
  return Math.log(q) - Math.log1p(-q);
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

export function applyPlatt({ slope, offset }: Platt, score: number): number {
  return sigmoid(slope * logit(score) + offset);
}

/** Minimises the log loss of sigmoid(slope x + offset) against targets, by Newton with step halving. */
function fitLogistic(x: Float64Array, target: Float64Array, withOffset: boolean): Platt {
  const loss = (slope: number, offset: number) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      const f = slope * x[i] + offset;
      // -t ln s(f) - (1 - t) ln(1 - s(f)), written so that it cannot overflow.
      sum += Math.max(f, 0) - target[i] * f + Math.log1p(Math.exp(-Math.abs(f)));
    }
    return sum;
  };
  let [slope, offset] = [0, 0];
  let current = loss(slope, offset);
  for (let iteration = 0; iteration < 100; iteration++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-12, 0, 1e-12];
    for (let i = 0; i < x.length; i++) {
      const p = sigmoid(slope * x[i] + offset);
      const [d, w] = [p - target[i], p * (1 - p)];
      g0 += d * x[i];
      h00 += w * x[i] * x[i];
      if (!withOffset) continue;
      g1 += d;
      h01 += w * x[i];
      h11 += w;
    }
    if (Math.max(Math.abs(g0), Math.abs(g1)) < 1e-10 * x.length) break;
    const determinant = h00 * h11 - h01 * h01;
    const stepSlope = (h11 * g0 - h01 * g1) / determinant;
    const stepOffset = (h00 * g1 - h01 * g0) / determinant;
    let [rate, next] = [1, loss(slope - stepSlope, offset - stepOffset)];
    while (!(next < current) && rate > 1e-10) {
      rate /= 2;
      next = loss(slope - rate * stepSlope, offset - rate * stepOffset);
    }
    if (!(next < current)) break;
    slope -= rate * stepSlope;
    offset -= rate * stepOffset;
    current = next;
  }
  return { slope, offset };
}

/**
 * Platt scaling on logits, targets (n+ + 1)/(n+ + 2) and 1/(n- + 2) as Platt (1999) has them, which keeps separable
 * items finite; Newton after Lin, Lin & Weng (2007). `undefined` where a class is absent. The slope is negative where
 * scores fall with the label: such a detector must not be calibrated, but looked at.
 * Throws a plain `Error` at a score outside [0, 1].
 */
export function fitPlatt(items: Scored): Platt | undefined {
  checkProbabilities(items);
  const { positives, negatives } = countClasses(items);
  if (positives === 0 || negatives === 0) return undefined;
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (negatives + 2)];
  const targets = Float64Array.from(items.labels, (label) => (label === 1 ? high : low));
  return fitLogistic(Float64Array.from(items.scores, logit), targets, true);
}

/**
 * Temperature scaling (Guo et al. 2017): calibrated = sigmoid(logit(score) / temperature), the log loss's minimum.
 * Temperatures above 1 make scores less sure; the order never changes. `undefined` where a class is absent, where no
 * finite minimum exists (no item on the wrong side of 0.5), or where scores run against the labels.
 */
export function fitTemperature(items: Scored): number | undefined {
  checkProbabilities(items);
  const { positives, negatives } = countClasses(items);
  if (positives === 0 || negatives === 0) return undefined;
  const x = Float64Array.from(items.scores, logit);
  const labels = Float64Array.from(items.labels);
  if (!x.some((value, i) => (labels[i] === 1 ? value < 0 : value > 0))) return undefined;
  const { slope } = fitLogistic(x, labels, false);
  return slope > 0 ? 1 / slope : undefined;
}

/** A non-decreasing step-and-ramp map: knots with rising `x`, joined by straight lines, level outside. */
export interface Isotonic {
  x: number[];
  y: number[];
}

/**
 * Isotonic regression of the label on the score by pool-adjacent-violators (Barlow 1972; scikit-learn's
 * `IsotonicRegression`): the non-decreasing map with the least squared error. Needs some hundred items to be worth
 * anything. `undefined` without items.
 */
export function fitIsotonic(items: Scored): Isotonic | undefined {
  countClasses(items);
  const order = Array.from(items.scores, (_, i) => i).sort((a, b) => items.scores[a] - items.scores[b]);
  if (order.length === 0) return undefined;
  const blocks: { first: number; last: number; weight: number; mean: number }[] = [];
  for (let k = 0; k < order.length; ) {
    // Equal scores share one value, so they are one block from the start.
    const score = items.scores[order[k]];
    let [weight, sum] = [0, 0];
    for (; k < order.length && items.scores[order[k]] === score; k++) {
      weight++;
      sum += items.labels[order[k]];
    }
    let block = { first: score, last: score, weight, mean: sum / weight };
    for (let before = blocks.at(-1); before && before.mean >= block.mean; before = blocks.at(-1)) {
      blocks.pop();
      const total = before.weight + block.weight;
      const mean = (before.mean * before.weight + block.mean * block.weight) / total;
      block = { first: before.first, last: block.last, weight: total, mean };
    }
    blocks.push(block);
  }
  const knots = blocks.flatMap(({ first, last, mean }) =>
    first === last
      ? [[first, mean]]
      : [
          [first, mean],
          [last, mean],
        ],
  );
  return { x: knots.map(([x]) => x), y: knots.map(([, y]) => y) };
}

export function applyIsotonic({ x, y }: Isotonic, score: number): number {
  const k = x.findIndex((knot) => knot >= score);
  if (k === -1) return y[y.length - 1];
  if (k === 0 || x[k] === score) return y[k];
  return y[k - 1] + ((score - x[k - 1]) / (x[k] - x[k - 1])) * (y[k] - y[k - 1]);
}
