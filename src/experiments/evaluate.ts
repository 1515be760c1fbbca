/** Detectors on a set of faces: the run record that `mesoscope evaluate` writes and the report draws. */
import { availableParallelism } from 'node:os';
import type { Item } from '../data/manifest.ts';
import type { Detector } from '../detect/detector.ts';
import type { Verdict } from '../detect/result.ts';
import type { FileScanner, ScanOptions } from '../detect/scanner.ts';
import { type PairedComparison, pairedBootstrap } from '../metrics/bootstrap.ts';
import { auc } from '../metrics/roc.ts';
import { backgroundIou, foregroundIou, meanIou, pixelAccuracy } from '../metrics/segmentation.ts';
import { describeEnvironment, type Environment } from '../train/environment.ts';
import { type Condition, type ConditionName, conditions } from './conditions.ts';
import { byPicture, byVideo, type Figures, figuresByMethod, figuresOf } from './figures.ts';
import {
  type ClipCoverage,
  clipCoverage,
  clipUnits,
  countVerdicts,
  faceUnits,
  type ScoredClip,
  scoreClips,
  trackUnits,
} from './score-clips.ts';
import { scoreItems } from './score-items.ts';

export const evaluationSchemaName = 'mesoscope.evaluation/1';

export interface MapFigures {
  foregroundIou?: number;
  backgroundIou?: number;
  meanIou?: number;
  pixelAccuracy?: number;
}

export interface ConditionResult {
  condition: ConditionName;
  words: string;
  pictures: Figures;
  videos: Figures;
  /** Of whole clips only: every person's track for itself, with the clip's label. */
  tracks?: Figures;
  /** By video, each method against all real ones. */
  methods: Record<string, Figures>;
  /** The map against masks, over items that have one. */
  map?: MapFigures;
  /** Of whole clips: what was not assessed, and how often each verdict was given to real and to manipulated ones. */
  coverage?: ClipCoverage;
  verdicts?: Record<Verdict, [real: number, manipulated: number]>;
  /** Items without a score, and why. */
  skipped: { id: string; file: string; reason: string }[];
  /** Wall time of the scoring, and the share of the machine's cores that it kept busy (0 to 1). */
  speed: { seconds: number; itemsPerSecond: number; coresBusy: number };
  /** Every scored picture or clip: figures of other kinds can be had from them. */
  scores: { id: string; label: 0 | 1; method: string; video: string; source: string; score: number }[];
}

export interface DetectorResult {
  name: string;
  sha256: string;
  conditions: ConditionResult[];
}

export interface Comparison {
  first: string;
  second: string;
  condition: ConditionName;
  /** Difference of the AUC by picture, first - second, the same sources drawn for both. */
  auc: Pick<PairedComparison, 'value' | 'low' | 'high' | 'p'>;
}

export interface Evaluation {
  schema: typeof evaluationSchemaName;
  /** What was scored, in words. */
  protocol: string;
  seed: number;
  environment: Environment;
  detectors: DetectorResult[];
  comparisons: Comparison[];
}

export interface EvaluateOptions {
  folder: string;
  items: readonly Item[];
  conditions: readonly Condition[];
  protocol: string;
  seed?: number;
  workers?: number;
  onProgress?(detector: string, condition: Condition, done: number, total: number): void;
  signal?: AbortSignal;
}

export interface EvaluateClipsOptions {
  folder: string;
  items: readonly Item[];
  sampling?: ScanOptions['sampling'];
  protocol: string;
  seed?: number;
  /** Clips of each class whose most suspicious face is kept for {@link onWorst}. */
  keepWorst?: number;
  /** The first detector's clips, the most wrong ones with a face. */
  onWorst?(clips: readonly ScoredClip[]): void;
  onProgress?(detector: string, condition: Condition, done: number, total: number): void;
  signal?: AbortSignal;
}

/**
 * Every detector over whole clips, as they are; detectors after the first are compared with it. In the record, `videos`
 * are the clips and `pictures` the single faces in them. Throws the signal's reason.
 */
export async function evaluateClips(
  scanners: readonly FileScanner[],
  { protocol, seed = 1, onProgress, keepWorst = 0, onWorst, ...clips }: EvaluateClipsOptions,
): Promise<Evaluation> {
  const results: DetectorResult[] = [];
  const condition = conditions['as-is'];
  for (const scanner of scanners) {
    const { name, sha256 } = scanner.detector;
    const watch = startWatch();
    const scored = await scoreClips(scanner, {
      ...clips,
      keepWorst: results.length === 0 ? keepWorst : 0,
      onProgress: (k, total) => onProgress?.(name, condition, k, total),
    });
    const speed = watch(scored.length);
    if (results.length === 0) onWorst?.(scored);
    const units = clipUnits(scored);
    const covered = clipCoverage(scored);
    results.push({
      name,
      sha256,
      conditions: [
        {
          condition: condition.name,
          words: condition.words,
          pictures: figuresOf(faceUnits(scored), seed),
          videos: figuresOf(units, seed),
          tracks: figuresOf(trackUnits(scored), seed),
          methods: figuresByMethod(units, seed),
          ...(covered ? { coverage: covered } : {}),
          verdicts: countVerdicts(scored),
          speed,
          skipped: scored.flatMap(({ item, reason }) =>
            reason === undefined ? [] : [{ id: item.id, file: item.file, reason }],
          ),
          scores: scored.flatMap(({ item, score }) => (score === undefined ? [] : [scoreOf(item, score)])),
        },
      ],
    });
  }
  return recordOf(results, protocol, seed);
}

/** Every detector at every condition; detectors after the first are compared with it. Throws the signal's reason. */
export async function evaluate(
  detectors: readonly Detector[],
  { conditions: wanted, protocol, seed = 1, onProgress, ...faces }: EvaluateOptions,
): Promise<Evaluation> {
  const results: DetectorResult[] = [];
  for (const detector of detectors) {
    const { contract, sha256 } = detector;
    const done: ConditionResult[] = [];
    for (const condition of wanted) {
      const watch = startWatch();
      const scored = await scoreItems(detector, {
        ...faces,
        condition,
        onProgress: (k, total) => onProgress?.(contract.name, condition, k, total),
      });
      const speed = watch(scored.rows.length);
      const videos = byVideo(scored.rows, contract);
      const { pixels } = scored;
      done.push({
        condition: condition.name,
        words: condition.words,
        pictures: figuresOf(byPicture(scored.rows), seed),
        videos: figuresOf(videos, seed),
        methods: figuresByMethod(videos, seed),
        ...(pixels
          ? {
              map: present({
                foregroundIou: foregroundIou(pixels),
                backgroundIou: backgroundIou(pixels),
                meanIou: meanIou(pixels),
                pixelAccuracy: pixelAccuracy(pixels),
              }),
            }
          : {}),
        skipped: scored.skipped,
        speed,
        scores: scored.rows.map(({ item, score }) => scoreOf(item, score)),
      });
    }
    results.push({ name: contract.name, sha256, conditions: done });
  }
  return recordOf(results, protocol, seed);
}

/** Counts seconds and processor time of this process, its threads included. */
function startWatch(): (items: number) => ConditionResult['speed'] {
  const [began, used] = [performance.now(), process.cpuUsage()];
  return (items) => {
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(used);
    const busy = (user + system) / 1e6 / seconds / availableParallelism();
    return {
      seconds: Math.round(seconds * 100) / 100,
      itemsPerSecond: Math.round((items / seconds) * 100) / 100,
      coresBusy: Math.round(Math.min(1, busy) * 100) / 100,
    };
  };
}

async function recordOf(detectors: DetectorResult[], protocol: string, seed: number): Promise<Evaluation> {
  return {
    schema: evaluationSchemaName,
    protocol,
    seed,
    environment: await describeEnvironment({ device: 'cpu', threads: 0 }),
    detectors,
    comparisons: compare(detectors, seed),
  };
}

const scoreOf = (item: Item, score: number) => ({
  id: item.id,
  label: item.label,
  method: item.method,
  video: item.videoId,
  source: item.sourceId,
  score,
});

function compare([first, ...others]: readonly DetectorResult[], seed: number): Comparison[] {
  return others.flatMap((second) =>
    second.conditions.flatMap(({ condition, scores }, k) => {
      const known = new Map(first.conditions[k].scores.map((row) => [row.id, row]));
      // Only what both could score.
      const rows = scores.flatMap((row) => {
        const mate = known.get(row.id);
        return mate ? [{ ...row, first: mate.score }] : [];
      });
      const area = (of: (row: (typeof rows)[number]) => number) => (drawn: typeof rows) =>
        auc({ labels: drawn.map(({ label }) => label), scores: drawn.map(of) });
      const difference = pairedBootstrap(
        rows,
        ({ source }) => source,
        area((row) => row.first),
        area((row) => row.score),
        { seed },
      );
      if (!difference) return [];
      const { value, low, high, p } = difference;
      return [{ first: first.name, second: second.name, condition, auc: { value, low, high, p } }];
    }),
  );
}

function present(values: { [K in keyof MapFigures]: number | undefined }): MapFigures {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
