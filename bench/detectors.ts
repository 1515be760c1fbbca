/**
 * Detectors on the same clips, faces and frames: video figures by method, with intervals by scene.
 *
 *   npx tsx bench/detectors.ts [--write] [--sample even:16] [--clips N] DETECTOR.onnx …
 *
 * Clips and labels are those of ../shared/data/dev: few, and known to whoever trained here. One pass finds the faces;
 * every detector cuts and scores them by its own contract. A clip's score is that of the contract's aggregation; clips
 * that a detector cannot assess are counted in `coverage` and left out; `frameAuc` takes every face of an assessed clip for itself. `--write`
 * writes bench/results/detectors.json.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { formatAggregation } from '../src/detect/aggregate.ts';
import type { Aggregation } from '../src/detect/contract.ts';
import { type Detector, loadDetector } from '../src/detect/detector.ts';
import { FaceScorer } from '../src/detect/face-scorer.ts';
import { Stopwatch } from '../src/detect/stopwatch.ts';
import { judgeClip, judgeTrack } from '../src/detect/verdict.ts';
import type { FaceFinder } from '../src/faces/finder.ts';
import { openFinder } from '../src/faces/open-finder.ts';
import { FaceTracker } from '../src/faces/tracker.ts';
import { openClip } from '../src/media/open.ts';
import { parseSampling } from '../src/media/sampling.ts';
import { groupBootstrap } from '../src/metrics/bootstrap.ts';
import { logLoss } from '../src/metrics/log-loss.ts';
import { averagePrecision } from '../src/metrics/precision-recall.ts';
import { expectedCalibrationError } from '../src/metrics/reliability.ts';
import { auc, equalErrorRate, truePositiveRateAt } from '../src/metrics/roc.ts';
import { machine } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    sample: { type: 'string', default: 'even:16' },
    clips: { type: 'string' },
  },
});
const data = '../shared/data/dev';

interface Clip {
  file: string;
  label: 0 | 1;
  method: string;
  /** All manipulations of one original are one scene. */
  scene: string;
}

interface Scored {
  clip: Clip;
  score: number | null;
  verdict: string;
  /** The clip's score by every rule for the frames of a track; the contract's own is among them. */
  byRule: Record<string, number | null>;
  /** Each scored face of it. */
  frames: readonly number[];
}

const rules: readonly Aggregation['frames'][] = [
  { kind: 'mean' },
  { kind: 'top-k', share: 0.25 },
  { kind: 'max' },
  { kind: 'confident' },
];

async function readClips(): Promise<Clip[]> {
  const rows = parse(await readFile(join(data, 'videos.csv')), { columns: true }) as Record<string, string>[];
  return rows
    .filter(({ label }) => label === 'real' || label === 'fake')
    .map(({ file, label, method, source, original }) => ({
      file,
      label: label === 'fake' ? 1 : 0,
      method:
        label === 'fake' ? method : source.startsWith('FaceForensics') ? 'real: FF++ c40' : 'real: others',
      scene: original || file,
    }));
}

async function scoreClip(clip: Clip, detectors: readonly Detector[], finder: FaceFinder): Promise<Scored[]> {
  const reader = await openClip(join(data, clip.file));
  const tracker = new FaceTracker(finder, { keepMeshes: false });
  const scorers = detectors.map((detector) => new FaceScorer(detector, new Stopwatch()));
  for await (const { frame, faces } of tracker.follow(reader.frames(parseSampling(values.sample)))) {
    for (const scorer of scorers) await scorer.add(frame, faces);
  }
  await reader.close();
  const scored: Scored[] = [];
  for (const [i, scorer] of scorers.entries()) {
    await scorer.finish();
    const { contract } = detectors[i];
    const judge = (aggregation: Aggregation) => {
      const tracks = tracker.tracks().flatMap(({ id, person }) => {
        const { frames, raw } = scorer.track(id);
        if (raw.length === 0) return [];
        const times = frames.map(({ timeSeconds }) => timeSeconds);
        const judgement = judgeTrack(raw, times, contract, aggregation, 1);
        const span = { startSeconds: times[0], endSeconds: times[times.length - 1] };
        return [{ id, person, ...span, faces: raw.length, ...judgement, facePixels: 0, frames }];
      });
      return judgeClip(tracks, contract, aggregation);
    };
    const { score, verdict } = judge(contract.aggregation);
    const byRule = rules.map((frames) => [
      formatAggregation(frames),
      judge({ ...contract.aggregation, frames }).score,
    ]);
    const frames = tracker.tracks().flatMap(({ id }) => scorer.track(id).frames.map((frame) => frame.score));
    scored.push({ clip, score, verdict, byRule: Object.fromEntries(byRule), frames });
  }
  return scored;
}

const table = (rows: readonly Pick<Scored, 'clip' | 'score'>[]) => ({
  labels: rows.map(({ clip }) => clip.label),
  scores: rows.map(({ score }) => score as number),
});
const rounded = (value: number | undefined) => (value === undefined ? null : Math.round(value * 1000) / 1000);

const assessed = (all: readonly Scored[]) => all.filter(({ score }) => score !== null);

function figures(all: readonly Scored[]) {
  const rows = assessed(all);
  const area = areaOf(rows);
  const faces = areaOf(rows.flatMap(({ clip, frames }) => frames.map((score) => ({ clip, score }))));
  return {
    clips: all.length,
    coverage: rounded(rows.length / all.length),
    ...area,
    frameAuc: faces.auc,
    frameInterval: faces.interval,
  };
}

/** AUC, drawing whole scenes. */
function areaOf(rows: readonly Pick<Scored, 'clip' | 'score'>[]) {
  const area = groupBootstrap(
    rows,
    ({ clip }) => clip.scene,
    (items) => auc(table(items)),
    { seed: 1 },
  );
  return { auc: rounded(area?.value), interval: area ? [rounded(area.low), rounded(area.high)] : null };
}

function summary(name: string, all: readonly Scored[]) {
  const rows = assessed(all);
  const items = table(rows);
  const reals = all.filter(({ clip }) => clip.label === 0);
  const methods = [...new Set(all.filter(({ clip }) => clip.label === 1).map(({ clip }) => clip.method))];
  const ofMethod = (method: string) => {
    const compressed = method !== 'DFDC';
    // FF++ fakes against FF++ originals: the others differ in compression, too.
    const against = reals.filter(({ clip }) => (clip.method === 'real: FF++ c40') === compressed);
    return figures([...against, ...all.filter(({ clip }) => clip.method === method)]);
  };
  return {
    detector: name,
    ...figures(all),
    equalErrorRate: rounded(equalErrorRate(items)?.rate),
    averagePrecision: rounded(averagePrecision(items)),
    logLoss: rounded(logLoss(items)),
    calibrationError: rounded(expectedCalibrationError(items)),
    truePositiveRateAt1: rounded(truePositiveRateAt(items, 0.01)?.truePositiveRate),
    truePositiveRateAt5: rounded(truePositiveRateAt(items, 0.05)?.truePositiveRate),
    falseAlarms: `${reals.filter(({ verdict }) => verdict === 'manipulation_likely').length} of ${reals.length}`,
    found: `${all.filter(({ clip, verdict }) => clip.label === 1 && verdict === 'manipulation_likely').length} of ${all.length - reals.length}`,
    aucByAggregation: Object.fromEntries(
      rules
        .map(formatAggregation)
        .map((rule) => [rule, areaOf(assessed(all.map((one) => ({ ...one, score: one.byRule[rule] })))).auc]),
    ),
    methods: Object.fromEntries(methods.map((method) => [method, ofMethod(method)])),
  };
}

const finder = await openFinder({ threads: 2 });
const detectors = await Promise.all(positionals.map((path) => loadDetector(path, { threads: 2 })));
const clips = (await readClips()).slice(0, Number(values.clips ?? 1000));
const rows: Scored[][] = detectors.map(() => []);
for (const [n, clip] of clips.entries()) {
  const scored = await scoreClip(clip, detectors, finder);
  for (const [i, one] of scored.entries()) rows[i].push(one);
  process.stderr.write(`\r${n + 1} of ${clips.length} clips`);
}
process.stderr.write('\n');
const results = detectors.map(({ contract }, i) => summary(contract.name, rows[i]));
for (const result of results) console.log(JSON.stringify(result));
if (values.write) {
  const caveat =
    'The development clips: 16 FF++ c40 fakes of 4 scenes, 5 of DFDC, 19 real ones. Intervals by scene (1,000 resamples) are wide. Not a benchmark: the figures that count are measured on other people’s clips.';
  await writeFile(
    'bench/results/detectors.json',
    `${JSON.stringify({ machine: machine(), sample: values.sample, caveat, results }, null, 2)}\n`,
  );
}
await finder.close();
for (const detector of detectors) await detector.close();
