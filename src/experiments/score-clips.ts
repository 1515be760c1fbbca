/** A detector over whole clips, exactly as `mesoscope scan` does it: one verdict a clip, or none. */
import { join } from 'node:path';
import type { Item } from '../data/manifest.ts';
import type { Verdict } from '../detect/result.ts';
import type { FileScanner, ScanOptions } from '../detect/scanner.ts';
import type { EvidenceCrop } from '../detect/types.ts';
import { type Assessed, aucImputed, type Coverage, coverage } from '../metrics/coverage.ts';
import type { Unit } from './figures.ts';

export interface ScoredClip {
  item: Item;
  verdict: Verdict;
  /** undefined where the clip could not be assessed or read: no number is made up. */
  score: number | undefined;
  /** Calibrated scores of the single faces that counted. */
  faces: number[];
  /** Calibrated scores of the tracks that could be assessed. */
  tracks: number[];
  /** The most suspicious face, while the clip is among those with the worst errors. */
  face?: EvidenceCrop;
  /** Why there is no score. */
  reason?: string;
}

export interface ScoreClipsOptions {
  folder: string;
  items: readonly Item[];
  sampling?: ScanOptions['sampling'];
  /** How many clips of each class keep their face: those that are most wrong. None by default. */
  keepWorst?: number;
  onProgress?(done: number, total: number): void;
  signal?: AbortSignal;
}

/** Scans every clip once, in order. Throws the signal's reason. */
export async function scoreClips(
  scanner: FileScanner,
  { folder, items, sampling, keepWorst = 0, onProgress, signal }: ScoreClipsOptions,
): Promise<ScoredClip[]> {
  const out: ScoredClip[] = [];
  for (const item of items) {
    signal?.throwIfAborted();
    const { result, evidence } = await scanner.scan(join(folder, item.file), {
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
      tracks: result.tracks.flatMap(({ score }) => (score === null ? [] : [score])),
      ...(keepWorst > 0 && evidence.length > 0
        ? { face: evidence.reduce((most, crop) => (crop.score > most.score ? crop : most)) }
        : {}),
      ...(result.score === null ? { reason: result.error?.message ?? result.reasons.join('; ') } : {}),
    });
    forget(out, item.label, keepWorst);
    onProgress?.(out.length, items.length);
  }
  return out;
}

/** Only the worst clips of a class keep their face: pictures of a hundred thousand would fill the memory. */
function forget(clips: readonly ScoredClip[], label: 0 | 1, keep: number): void {
  const held = clips.filter((clip) => clip.face && clip.item.label === label);
  if (held.length <= keep) return;
  for (const clip of worstFirst(held, label).slice(keep)) delete clip.face;
}

/** Real clips by falling, manipulated ones by rising score; those without a score last. */
export function worstFirst(clips: readonly ScoredClip[], label: 0 | 1): ScoredClip[] {
  const wrong = ({ score }: ScoredClip) => (score === undefined ? -1 : label === 0 ? score : 1 - score);
  return clips.toSorted((a, b) => wrong(b) - wrong(a));
}

/** The clips that have a score. */
export function clipUnits(clips: readonly ScoredClip[]): Unit[] {
  return clips.flatMap(({ item, score }) => (score === undefined ? [] : [unitOf(item, score)]));
}

/** Every face for itself. */
export function faceUnits(clips: readonly ScoredClip[]): Unit[] {
  return clips.flatMap(({ item, faces }) => faces.map((score) => unitOf(item, score)));
}

/** Every track for itself. */
export function trackUnits(clips: readonly ScoredClip[]): Unit[] {
  return clips.flatMap(({ item, tracks }) => tracks.map((score) => unitOf(item, score)));
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
