/** Weighted non-maximum suppression, as MediaPipe does it: overlapping detections are blended, not thrown away. */
import { type Box, iou, type Point } from '../base/geometry.ts';

/** What BlazeFace says of one face, in frame pixels. */
export interface Detection {
  box: Box;
  /** 0 to 1. */
  score: number;
  /** Eye left in the picture, eye right in the picture, nose tip, mouth, ear left, ear right. */
  points: readonly Point[];
}

/**
 * Groups detections around the strongest one left (IoU at least `threshold` with it) and returns each group's
 * mean, weighted by score, with the strongest score. Strongest first.
 */
export function weightedNms(detections: readonly Detection[], threshold: number): Detection[] {
  let rest = [...detections].sort((p, q) => q.score - p.score);
  const kept: Detection[] = [];
  while (rest.length > 0) {
    const best = rest[0];
    const near = rest.filter((other) => other === best || iou(best.box, other.box) >= threshold);
    rest = rest.filter((other) => !near.includes(other));
    kept.push(blend(near, best.score));
  }
  return kept;
}

function blend(group: readonly Detection[], score: number): Detection {
  const total = group.reduce((sum, one) => sum + one.score, 0);
  const mean = (of: (one: Detection) => number) =>
    group.reduce((sum, one) => sum + one.score * of(one), 0) / total;
  return {
    score,
    box: {
      x: mean((one) => one.box.x),
      y: mean((one) => one.box.y),
      width: mean((one) => one.box.width),
      height: mean((one) => one.box.height),
    },
    points: group[0].points.map((_, i) => ({
      x: mean((one) => one.points[i].x),
      y: mean((one) => one.points[i].y),
    })),
  };
}
