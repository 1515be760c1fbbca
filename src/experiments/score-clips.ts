/** A detector over whole clips, exactly as `mesoscope scan` does it: one verdict a clip, or none. */
import { join } from 'node:path';
import type { Item } from '../data/manifest.ts';
import type { Verdict } from '../detect/result.ts';
import type { Scanner, ScanOptions } from '../detect/scanner.ts';
import { type Assessed, aucImputed, type Coverage, coverage } from '../metrics/coverage.ts';
import type { Unit } from './figures.ts';

export interface ScoredClip {
  item: Item;
  verdict: Verdict;
  /** undefined where the clip could not be assessed or read: no number is made up. */
  score: number | undefined;
  /** Calibrated scores of the single faces that counted. */
  faces: number[];
  /** Why there is no score. */
  reason?: string;
}

export interface ScoreClipsOptions {
  folder: string;
  items: readonly Item[];
  sampling?: ScanOptions['sampling'];
  onProgress?(done: number, total: number): void;
  signal?: AbortSignal;
}

/** Scans every clip once, in order. Throws the signal's reason. */
export async function scoreClips(
  scanner: Scanner,
  { folder, items, sampling, onProgress, signal }: ScoreClipsOptions,
): Promise<ScoredClip[]> {
  const out: ScoredClip[] = [];
  for (const item of items) {
    signal?.throwIfAborted();
    const { result } = await scanner.scan(join(folder, item.file), {
      ...(sampling ? { sampling } : {}),
      ...(signal ? { signal } : {}),
      onProgress: ({ stage, done, total }) => {
        const share = stage === 'frames' && total > 0 ? Math.min(1, done / total) : 0;
        onProgress?.(out.length + share, items.length);
      },
    });
    out.push({
      item,
      verdict: result.verdict,
      score: result.score ?? undefined,
      faces: result.tracks.flatMap(({ frames }) => frames.map(({ score }) => score)),
      ...(result.score === null ? { reason: result.error?.message ?? result.reasons.join('; ') } : {}),
    });
    onProgress?.(out.length, items.length);
  }
  return out;
}

/** The clips that have a score. */
export function clipUnits(clips: readonly ScoredClip[]): Unit[] {
  return clips.flatMap(({ item, score }) => (score === undefined ? [] : [unitOf(item, score)]));
}

/** Every face for itself. */
export function faceUnits(clips: readonly ScoredClip[]): Unit[] {
  return clips.flatMap(({ item, faces }) => faces.map((score) => unitOf(item, score)));
}

const unitOf = ({ label, method, sourceId }: Item, score: number): Unit => ({
  label,
  method,
  source: sourceId,
  score,
});

export interface ClipCoverage extends Coverage {
  /** As the field imputes: every clip without a score counts as 0.5. For comparison with others' figures only. */
  aucWithMissingAtHalf?: number;
}

/** `undefined` without clips. */
export function clipCoverage(clips: readonly ScoredClip[]): ClipCoverage | undefined {
  const assessed: Assessed[] = clips.map(({ item, score }) => ({ label: item.label, score }));
  const whole = coverage(assessed);
  const imputed = aucImputed(assessed);
  return whole && { ...whole, ...(imputed ? { aucWithMissingAtHalf: imputed.value } : {}) };
}

/** How often each verdict was given, by true class. */
export function countVerdicts(
  clips: readonly ScoredClip[],
): Record<Verdict, [real: number, manipulated: number]> {
  const counts: Record<Verdict, [number, number]> = {
    manipulation_likely: [0, 0],
    inconclusive: [0, 0],
    no_manipulation_found: [0, 0],
    not_assessable: [0, 0],
  };
  for (const { item, verdict } of clips) counts[verdict][item.label]++;
  return counts;
}
