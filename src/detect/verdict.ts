/**
 * Verdicts: what is said of a track and of a clip, and why it is not said more strongly. Never "real": that no
 * manipulation was found is no proof of authenticity.
 */

import { blockBootstrap } from '../metrics/bootstrap.ts';
import { applyPlatt } from '../metrics/calibration.ts';
import { aggregateFrames, aggregateTracks } from './aggregate.ts';
import type { Aggregation, Contract } from './contract.ts';
import type { FrameResult, TrackResult, Verdict } from './result.ts';

/** Neighbouring frames are correlated over about this long; bootstrap blocks are no shorter. Seconds. */
const correlationSeconds = 1;

export interface Judgement {
  score: number;
  interval: [number, number];
  verdict: Verdict;
  reasons: string[];
}

/** A raw score through the contract's calibration. */
export function calibrate(score: number, { calibration }: Contract): number {
  return calibration.kind === 'none' ? score : applyPlatt(calibration, score);
}

/**
 * Judges one track by its faces' raw (uncalibrated) scores and their times in seconds.
 * The interval is a 95 % circular-block bootstrap over frames; a single face has none, hence [0, 1].
 */
export function judgeTrack(
  raw: readonly number[],
  times: readonly number[],
  contract: Contract,
  aggregation: Aggregation,
  seed: number,
): Judgement {
  const statistic = (values: readonly number[]) =>
    calibrate(aggregateFrames(values, aggregation.frames), contract);
  const score = statistic(raw);
  const bootstrap = blockBootstrap(raw, statistic, {
    blockLength: blockLength(times),
    resamples: 1000,
    level: 0.95,
    seed,
  });
  const interval: [number, number] = bootstrap
    ? [Math.min(bootstrap.low, score), Math.max(bootstrap.high, score)]
    : [0, 1];
  const reasons: string[] = [];
  if (raw.length < contract.quality.minFaces) {
    reasons.push(
      `only ${count(raw.length, 'usable face')}, ${contract.quality.minFaces} are wanted for a verdict`,
    );
  }
  return { score, interval, ...decide(score, interval, contract, reasons) };
}

function decide(score: number, [low, high]: [number, number], { thresholds }: Contract, reasons: string[]) {
  const { likely, notFound } = thresholds;
  let verdict: Verdict = 'inconclusive';
  if (score >= likely) {
    if (low > notFound) verdict = 'manipulation_likely';
    else reasons.push(`the score is high, but its interval reaches down to ${low.toFixed(2)}`);
  } else if (score <= notFound) {
    if (high < likely) verdict = 'no_manipulation_found';
    else reasons.push(`the score is low, but its interval reaches up to ${high.toFixed(2)}`);
  } else {
    reasons.push(`the score lies between the thresholds ${notFound} and ${likely}`);
  }
  const weak = reasons.some((reason) => reason.startsWith('only '));
  return { verdict: weak ? ('inconclusive' as const) : verdict, reasons };
}

/** Frames that cover the correlation time, and at least the cube root of the series (Künsch's order). */
function blockLength(times: readonly number[]): number {
  const span = times[times.length - 1] - times[0];
  const perSecond = span > 0 ? (times.length - 1) / span : 0;
  return Math.max(Math.ceil(correlationSeconds * perSecond), Math.ceil(Math.cbrt(times.length)));
}

export interface ClipJudgement {
  score: number | null;
  interval: [number, number] | null;
  verdict: Verdict;
  reasons: string[];
}

/**
 * Judges a clip by its tracks. Tracks with too few faces count only where there are no others: a face that
 * flickers past for two frames must not keep a clear clip from its verdict.
 */
export function judgeClip(
  tracks: readonly TrackResult[],
  contract: Contract,
  aggregation: Aggregation,
): ClipJudgement {
  const scored = tracks.filter((track) => track.score !== null);
  if (scored.length === 0) {
    const why = tracks.length === 0 ? 'no face was found' : 'no face was good enough to be scored';
    return { score: null, interval: null, verdict: 'not_assessable', reasons: [why] };
  }
  const long = scored.filter((track) => track.faces >= contract.quality.minFaces);
  const counted = long.length > 0 ? long : scored;
  const reasons: string[] = [];
  if (counted.length < tracks.length) {
    const left = tracks.length - counted.length;
    reasons.push(`${count(left, 'track')} with too few usable faces did not count`);
  }
  const score = aggregateTracks(
    counted.map((track) => track.score as number),
    aggregation.tracks,
  );
  if (aggregation.tracks === 'mean') {
    const bounds = [0, 1].map((side) =>
      aggregateTracks(
        counted.map((track) => (track.interval as [number, number])[side]),
        'mean',
      ),
    );
    const interval: [number, number] = [bounds[0], bounds[1]];
    return { score, interval, ...decide(score, interval, contract, reasons) };
  }
  const highest = counted.reduce((a, b) => ((b.score as number) > (a.score as number) ? b : a));
  const order: Verdict[] = ['manipulation_likely', 'inconclusive', 'no_manipulation_found'];
  const verdict =
    order.find((candidate) => counted.some((track) => track.verdict === candidate)) ?? 'inconclusive';
  const decisive = counted.find((track) => track.verdict === verdict && track.reasons.length > 0);
  if (decisive && verdict === 'inconclusive') {
    reasons.push(...decisive.reasons.map((reason) => `track ${decisive.id}: ${reason}`));
  }
  return { score, interval: highest.interval, verdict, reasons };
}

/** "1 face", "3 faces". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The times a track was scored at, for its start and end. */
export function spanOf(frames: readonly FrameResult[]): [start: number, end: number] {
  return [frames[0].timeSeconds, frames[frames.length - 1].timeSeconds];
}
