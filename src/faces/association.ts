/** Which face of a frame belongs to which track: best pairs first, behind gates. */
import { type Box, centre, iou } from '../base/geometry.ts';
import { maybeSamePerson, samePerson } from './identity.ts';

export interface Pair {
  track: number;
  face: number;
  score: number;
}

/** 0 (elsewhere) to 1 (the same box): overlap, or nearness in face sizes where boxes no longer overlap. */
export function closeness(a: Box, b: Box): number {
  const overlap = iou(a, b);
  if (overlap > 0) return 0.3 + 0.7 * overlap;
  const [p, q] = [centre(a), centre(b)];
  const size = (Math.max(a.width, a.height) + Math.max(b.width, b.height)) / 2;
  return Math.max(0, 0.3 * (2 - Math.hypot(p.x - q.x, p.y - q.y) / size));
}

/** Pairs that position alone settles: overlapping well, and neither has another overlapping candidate. */
export function plainPairs(tracks: readonly Box[], faces: readonly Box[], leastIou: number): Pair[] {
  const pairs: Pair[] = [];
  for (const [track, a] of tracks.entries()) {
    for (const [face, b] of faces.entries()) {
      const overlap = iou(a, b);
      if (overlap < leastIou) continue;
      const rival =
        tracks.some((other, i) => i !== track && closeness(other, b) > 0.25) ||
        faces.some((other, i) => i !== face && closeness(a, other) > 0.25);
      if (!rival) pairs.push({ track, face, score: overlap });
    }
  }
  return pairs;
}

/**
 * How strongly a face belongs to a track, or undefined where it must not: people who look alike may move anywhere
 * in the frame, people who may be alike must be near, people who differ are two even in one place.
 */
export function belonging(near: number, alike: number): number | undefined {
  if (alike >= samePerson) return alike + 0.3 * near;
  if (alike >= maybeSamePerson && near > 0.3) return alike + 0.3 * near;
  return undefined;
}

/** Highest scores first, each track and each face once. */
export function greedyPairs(candidates: readonly Pair[]): Pair[] {
  const [tracks, faces] = [new Set<number>(), new Set<number>()];
  const chosen: Pair[] = [];
  for (const pair of [...candidates].sort((p, q) => q.score - p.score)) {
    if (tracks.has(pair.track) || faces.has(pair.face)) continue;
    tracks.add(pair.track);
    faces.add(pair.face);
    chosen.push(pair);
  }
  return chosen;
}

/** Within a factor of 1.5 in size. */
export function alikeInSize(a: Box, b: Box): boolean {
  const ratio = Math.max(a.width, a.height) / Math.max(b.width, b.height);
  return ratio > 1 / 1.5 && ratio < 1.5;
}
