/** Logistic regression with a ridge penalty, by Newton's method: small, exact, and the same every time. */

export interface Model {
  mean: number[];
  deviation: number[];
  /** Bias first. */
  weights: number[];
}

/** @param labels 0 or 1. Columns without spread are left alone. Ridge 1 on standardised columns. */
export function fitLogistic(rows: readonly (readonly number[])[], labels: readonly number[]): Model {
  const columns = rows[0].length;
  const mean = Array.from(
    { length: columns },
    (_, c) => rows.reduce((sum, row) => sum + row[c], 0) / rows.length,
  );
  const deviation = mean.map((m, c) =>
    Math.sqrt(rows.reduce((sum, row) => sum + (row[c] - m) ** 2, 0) / rows.length),
  );
  const model: Model = { mean, deviation, weights: new Array(columns + 1).fill(0) };
  const inputs = rows.map((row) => standardise(model, row));
  for (let step = 0; step < 25; step++) {
    const size = columns + 1;
    const gradient = model.weights.map((weight, i) => (i === 0 ? 0 : weight));
    const hessian = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => (i === j ? (i === 0 ? 1e-9 : 1) : 0)),
    );
    for (const [k, x] of inputs.entries()) {
      const p = sigmoid(dot(model.weights, x));
      const slope = Math.max(1e-9, p * (1 - p));
      for (let i = 0; i < size; i++) {
        gradient[i] += (p - labels[k]) * x[i];
        for (let j = 0; j <= i; j++) hessian[i][j] += slope * x[i] * x[j];
      }
    }
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) hessian[j][i] = hessian[i][j];
    const change = solve(hessian, gradient);
    // Halved where it is long: a separable set would run away before the ridge holds it.
    const longest = Math.max(...change.map(Math.abs));
    const scale = longest > 4 ? 4 / longest : 1;
    model.weights = model.weights.map((weight, i) => weight - scale * change[i]);
    if (longest < 1e-6) break;
  }
  return model;
}

/** The log odds of class 1. */
export function scoreLogistic(model: Model, row: readonly number[]): number {
  return dot(model.weights, standardise(model, row));
}

const standardise = ({ mean, deviation }: Model, row: readonly number[]) => [
  1,
  ...row.map((value, c) => (deviation[c] > 1e-12 ? (value - mean[c]) / deviation[c] : 0)),
];
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);
const sigmoid = (z: number) => 1 / (1 + Math.exp(-Math.max(-40, Math.min(40, z))));

/** Gaussian elimination with pivots; the matrix is symmetric and positive definite by its ridge. */
function solve(matrix: number[][], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let c = 0; c < rows.length; c++) {
    let pivot = c;
    for (let r = c + 1; r < rows.length; r++) if (Math.abs(rows[r][c]) > Math.abs(rows[pivot][c])) pivot = r;
    [rows[c], rows[pivot]] = [rows[pivot], rows[c]];
    for (let r = c + 1; r < rows.length; r++) {
      const factor = rows[r][c] / rows[c][c];
      for (let k = c; k <= rows.length; k++) rows[r][k] -= factor * rows[c][k];
    }
  }
  const out = new Array<number>(rows.length).fill(0);
  for (let r = rows.length - 1; r >= 0; r--) {
    let sum = rows[r][rows.length];
    for (let k = r + 1; k < rows.length; k++) sum -= rows[r][k] * out[k];
    out[r] = sum / rows[r][r];
  }
  return out;
}
