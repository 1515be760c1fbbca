/** Sampling policies are data: which frames of a clip are looked at. */
import { errors } from '../base/errors.ts';

export type Sampling =
  /** `count` frames, evenly spaced over the clip, first and last included when count > 1. */
  | { kind: 'even'; count: number }
  /** The first frame at or after each multiple of 1 / rate seconds. */
  | { kind: 'fps'; rate: number }
  /** Frames 0, step, 2 step, … */
  | { kind: 'every'; step: number }
  /** `count` consecutive frames from `start` (the third document: 101 from the 10th). */
  | { kind: 'range'; start: number; count: number }
  /** Key frames only, the rest is not decoded (MesoNet 3.5: aggregation on intra-frames). */
  | { kind: 'keyframes' }
  /** These display-order indices, ascending: what another clip or an earlier pass decided. */
  | { kind: 'list'; indices: readonly number[] };

export const defaultSampling: Sampling = { kind: 'even', count: 32 };

/** `even:32`, `fps:4`, `every:10`, `range:10+101`, `keyframes`. Throws SAMPLING_INVALID. */
export function parseSampling(text: string): Sampling {
  const match = /^(?:(even|every):(\d+)|fps:(\d+(?:\.\d+)?)|range:(\d+)\+(\d+)|(keyframes))$/.exec(text);
  if (!match) throw errors.SAMPLING_INVALID(text);
  const [, kind, whole, rate, start, count] = match;
  const positive = (value: string) => {
    const number = Number(value);
    if (!(number > 0) || !Number.isFinite(number)) throw errors.SAMPLING_INVALID(text);
    return number;
  };
  if (kind === 'even') return { kind, count: positive(whole) };
  if (kind === 'every') return { kind, step: positive(whole) };
  if (rate !== undefined) return { kind: 'fps', rate: positive(rate) };
  if (start !== undefined) return { kind: 'range', start: Number(start), count: positive(count) };
  return { kind: 'keyframes' };
}

/** The inverse of {@link parseSampling}; a list has no spelling on the command line. */
export function formatSampling(sampling: Sampling): string {
  switch (sampling.kind) {
    case 'even':
      return `even:${sampling.count}`;
    case 'fps':
      return `fps:${sampling.rate}`;
    case 'every':
      return `every:${sampling.step}`;
    case 'range':
      return `range:${sampling.start}+${sampling.count}`;
    case 'keyframes':
      return 'keyframes';
    case 'list':
      return `list:${sampling.indices.join('+')}`;
  }
}

/** Ascending display-order indices that a policy picks, given the packet scan's times and key frames. */
export function selectFrames(
  sampling: Sampling,
  times: Float64Array,
  keyFrames: readonly number[],
): number[] {
  const total = times.length;
  switch (sampling.kind) {
    case 'even': {
      if (sampling.count >= total) return [...times.keys()];
      if (sampling.count === 1) return [Math.floor((total - 1) / 2)];
      const gap = (total - 1) / (sampling.count - 1);
      return Array.from({ length: sampling.count }, (_, i) => Math.round(i * gap));
    }
    case 'fps': {
      const picked: number[] = [];
      let due = 0;
      for (const [index, time] of times.entries()) {
        // Half a microsecond of slack: timestamps are rationals rounded to doubles.
        if (time + 5e-7 < due / sampling.rate) continue;
        picked.push(index);
        due = Math.floor((time + 5e-7) * sampling.rate) + 1;
      }
      return picked;
    }
    case 'every':
      return [...times.keys()].filter((index) => index % sampling.step === 0);
    case 'range': {
      const end = Math.min(total, sampling.start + sampling.count);
      return Array.from({ length: Math.max(0, end - sampling.start) }, (_, i) => sampling.start + i);
    }
    case 'keyframes':
      return [...keyFrames];
    case 'list':
      return sampling.indices.filter((index) => index < total);
  }
}
