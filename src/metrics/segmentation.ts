/** Figures of maps against masks, pixel by pixel (003, Section 4; 004, Section IV). */

/** Pixels by true and called class; foreground is manipulated. Counts of several pictures add up. */
export interface PixelCounts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  trueNegatives: number;
}

export const noPixels: PixelCounts = {
  truePositives: 0,
  falsePositives: 0,
  falseNegatives: 0,
  trueNegatives: 0,
};

/**
 * Compares a map of scores with a mask of the same h x w. A pixel is called manipulated at or above `threshold`, and
 * is manipulated where the mask is at least 0.5. `ignore`, where given, leaves out the pixels where it is not 0.
 * Throws a plain `Error` at unequal sizes or a score that is NaN.
 */
export function countPixels(
  mask: ArrayLike<number>,
  scores: ArrayLike<number>,
  options: { threshold?: number; ignore?: ArrayLike<number> } = {},
): PixelCounts {
  const { threshold = 0.5, ignore } = options;
  if (mask.length !== scores.length || (ignore && ignore.length !== mask.length)) {
    throw new Error(`a mask of ${mask.length} pixels against a map of ${scores.length}`);
  }
  const counts = { ...noPixels };
  for (let i = 0; i < mask.length; i++) {
    if (ignore && ignore[i] !== 0) continue;
    if (Number.isNaN(scores[i])) throw new Error(`pixel ${i} has no score`);
    if (mask[i] >= 0.5) counts[scores[i] >= threshold ? 'truePositives' : 'falseNegatives']++;
    else counts[scores[i] >= threshold ? 'falsePositives' : 'trueNegatives']++;
  }
  return counts;
}

export function addPixels(a: PixelCounts, b: PixelCounts): PixelCounts {
  return {
    truePositives: a.truePositives + b.truePositives,
    falsePositives: a.falsePositives + b.falsePositives,
    falseNegatives: a.falseNegatives + b.falseNegatives,
    trueNegatives: a.trueNegatives + b.trueNegatives,
  };
}

/**
 * Intersection over union of the manipulated pixels, TP / (TP + FP + FN), 0 to 1 (003 prints TN for FN: a misprint).
 * `undefined` where no pixel is or is called manipulated: a real picture left alone has none.
 */
export function foregroundIou(counts: PixelCounts): number | undefined {
  return share(counts.truePositives, counts.truePositives + counts.falsePositives + counts.falseNegatives);
}

/** The same for the untouched pixels: TN / (TN + FP + FN). `undefined` where none is or is called untouched. */
export function backgroundIou(counts: PixelCounts): number | undefined {
  return share(counts.trueNegatives, counts.trueNegatives + counts.falsePositives + counts.falseNegatives);
}

/** Mean of both (003's mIoU); `undefined` where one of them is. */
export function meanIou(counts: PixelCounts): number | undefined {
  const [foreground, background] = [foregroundIou(counts), backgroundIou(counts)];
  return foreground === undefined || background === undefined ? undefined : (foreground + background) / 2;
}

/** Share of pixels called rightly, 0 to 1 (004, Table III); `undefined` without pixels. */
export function pixelAccuracy(counts: PixelCounts): number | undefined {
  const right = counts.truePositives + counts.trueNegatives;
  return share(right, right + counts.falsePositives + counts.falseNegatives);
}

function share(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}
