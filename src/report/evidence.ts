/** Which faces are shown as evidence, and how their maps look: the same in reports and on pages. No Node. */
import type { EvidenceCrop } from '../detect/types.ts';

/** Magenta: far from skin, and apart from grey for every kind of colour blindness. */
export const heat = [226, 0, 116] as const;
/** How much of the picture the colour covers at a score of 1. */
export const heatCover = 0.7;

/** The higher-scored half and the lower, at most three each, in order of suspicion. Up to three are not split. */
export function split(evidence: readonly EvidenceCrop[]): {
  most: EvidenceCrop[];
  least: EvidenceCrop[];
} {
  const unique = [...new Map(evidence.map((crop) => [crop.frameIndex, crop])).values()];
  const sorted = unique.sort((a, b) => b.score - a.score || a.frameIndex - b.frameIndex);
  if (sorted.length <= 3) return { most: sorted, least: [] };
  const half = Math.min(3, Math.ceil(sorted.length / 2));
  return { most: sorted.slice(0, half), least: sorted.slice(Math.max(half, sorted.length - 3)).reverse() };
}
