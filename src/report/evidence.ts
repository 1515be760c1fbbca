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

/** The crops that are shown of all tracks, and which end of its track's scores each stands for. */
export function shownCrops(
  evidence: readonly EvidenceCrop[],
): { face: EvidenceCrop; end: 'most' | 'least' }[] {
  const tracks = [...new Set(evidence.map(({ trackId }) => trackId))];
  return tracks.flatMap((id) => {
    const { most, least } = split(evidence.filter(({ trackId }) => trackId === id));
    return [
      ...most.map((face) => ({ face, end: 'most' as const })),
      ...least.map((face) => ({ face, end: 'least' as const })),
    ];
  });
}

/** How much a map covers, 0 to 255: nothing at a score of 0, {@link heatCover} at 1. */
export function mapOpacity({ width, height, data }: NonNullable<EvidenceCrop['map']>): Uint8Array {
  const alpha = new Uint8Array(width * height);
  for (let i = 0; i < alpha.length; i++) {
    alpha[i] = Math.round(255 * heatCover * Math.min(1, Math.max(0, data[i])));
  }
  return alpha;
}

const rounded = (value: number) => Math.round(value * 1e4) / 1e4;

/** What is said of a picture of a face, without the picture. */
export function sightingOf({ trackId, frameIndex, timeSeconds, score, region }: EvidenceCrop) {
  return { trackId, frameIndex, timeSeconds, score, region: { ...region, angle: rounded(region.angle) } };
}
