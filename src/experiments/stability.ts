/** How a clip's score and verdict move when it is passed on, or looked at elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type VariantName, variants, writeVariant } from '../data/compress/variants.ts';
import type { ClipResult, StabilityRow } from '../detect/result.ts';
import type { FileScanner, ScanOptions } from '../detect/scanner.ts';

/** Longer clips are judged by their first part: re-encoding is what takes the time. Seconds. */
const longest = 20;

const reencoded: readonly VariantName[] = ['crf-23', 'crf-30', 'crf-40', 'half-size', 'cropped'];

/** What is needed of a clip's result. */
export interface Judged {
  clip: Pick<ClipResult['clip'], 'path' | 'durationSeconds'>;
  score: number | null;
}

export interface StabilityOptions {
  sampling: NonNullable<ScanOptions['sampling']>;
  signal?: AbortSignal;
  onProgress?(done: number, total: number): void;
}

/**
 * The clip's variants, scanned as the clip was; empty where the clip itself has no score. A variant that cannot be made
 * or assessed has no score either, and says why in its words. Throws the signal's reason.
 */
export async function stabilityOf(
  scanner: FileScanner,
  { clip, score }: Judged,
  { sampling, signal, onProgress }: StabilityOptions,
): Promise<StabilityRow[]> {
  if (score === null) return [];
  const cut = (clip.durationSeconds ?? 0) > longest;
  const names: VariantName[] = [...(cut ? (['excerpt'] as const) : []), ...reencoded];
  const folder = await mkdtemp(join(tmpdir(), 'mesoscope-stability-'));
  const rows: StabilityRow[] = [];
  const total = names.length + 1;
  const scan = async (variant: string, words: string, path: string, how: typeof sampling) => {
    const { result } = await scanner.scan(path, { sampling: how, ...(signal ? { signal } : {}) });
    rows.push({
      variant,
      words,
      verdict: result.verdict,
      score: result.score,
      interval: result.interval,
    });
    onProgress?.(rows.length, total);
  };
  try {
    await scan('elsewhere', 'other frames of the same file', clip.path, otherFrames(sampling));
    for (const name of names) {
      const target = join(folder, `${name}.mp4`);
      await writeVariant(clip.path, name, target, { seconds: longest, signal });
      const words =
        cut && name !== 'excerpt' ? `${variants[name].words} (first ${longest} s)` : variants[name].words;
      await scan(name, words, target, sampling);
      await rm(target, { force: true });
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** About as many frames, hardly one of them the same. */
function otherFrames(sampling: StabilityOptions['sampling']): StabilityOptions['sampling'] {
  if (sampling.kind === 'even')
    return { kind: 'even', count: Math.max(2, Math.round(sampling.count * 1.3) + 1) };
  return { kind: 'even', count: 41 };
}
