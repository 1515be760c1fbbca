/** What is being done with a clip, in words. */
import { bytes, plural } from '../../src/report/format.ts';
import type { ClipSummary } from '../../src/server/api.ts';
import type { HereState, Item } from './queue.ts';

export interface StageWords {
  words: string;
  /** 0 to 1; null where it is not known. */
  fraction: number | null;
  secondsLeft: number | null;
}

export function itemStage(item: Item): StageWords {
  const { phase, sentBytes, bytes: size, rate, clip, here } = item;
  if (here) return hereStage(here);
  if (phase === 'waiting') return { words: 'Waiting to be sent', fraction: 0, secondsLeft: null };
  if (phase === 'sending') {
    const left = rate && size !== null ? (size - sentBytes) / rate : null;
    return {
      words: `Sending (${bytes(sentBytes)} of ${bytes(size ?? 0)})`,
      fraction: size ? sentBytes / size : null,
      secondsLeft: left,
    };
  }
  return clip ? clipStage(clip) : { words: 'Sent', fraction: null, secondsLeft: null };
}

function hereStage({ progress: { stage, done, total }, secondsLeft }: HereState): StageWords {
  const of = (share: number) => (total > 0 ? share * Math.min(1, done / total) : 0);
  switch (stage) {
    case 'load':
      return {
        words: `Loading the networks (${bytes(done)} of ${bytes(total)})`,
        fraction: of(0.1),
        secondsLeft,
      };
    case 'wait':
      return { words: 'Waiting for the clip before it', fraction: 0, secondsLeft };
    case 'open':
      return { words: 'Reading the clip', fraction: 0.1, secondsLeft };
    case 'frames':
      return { words: `Looking at faces: frame ${done} of ${total}`, fraction: 0.1 + of(0.85), secondsLeft };
    case 'score':
      return { words: 'Scoring the last faces', fraction: 0.95, secondsLeft };
    case 'done':
      return { words: 'Done', fraction: 1, secondsLeft: null };
  }
}

export function clipStage(clip: ClipSummary): StageWords {
  const { status, progress, ahead } = clip;
  const fraction = progress?.fraction ?? null;
  const secondsLeft = progress?.secondsLeft ?? null;
  switch (status) {
    case 'queued':
      return {
        words: ahead ? `Waiting: ${plural(ahead, 'clip')} first` : 'Waiting for a free place',
        fraction: 0,
        secondsLeft: null,
      };
    case 'fetching':
    case 'running':
      return { words: progress ? stage(progress) : 'Starting', fraction, secondsLeft };
    case 'done':
      return { words: 'Done', fraction: 1, secondsLeft: null };
    case 'failed':
      return { words: 'No result', fraction: null, secondsLeft: null };
    case 'cancelled':
      return { words: 'Cancelled', fraction: null, secondsLeft: null };
  }
}

function stage({ stage: name, done, total }: NonNullable<ClipSummary['progress']>): string {
  switch (name) {
    case 'fetch':
      return total > 0 ? `Fetching (${bytes(done)} of ${bytes(total)})` : `Fetching (${bytes(done)})`;
    case 'start':
      return 'Starting the detector';
    case 'open':
      return 'Reading the clip';
    case 'frames':
      return total > 0 ? `Looking at faces: frame ${done} of ${total}` : 'Looking at faces';
    case 'score':
      return 'Scoring the last faces';
    case 'report':
      return 'Writing the report';
  }
}

/** `about 2 min left`: rough on purpose, for it is an estimate. */
export function timeLeft(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 1.5) return 'almost done';
  if (seconds < 60) return `about ${Math.round(seconds)} s left`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `about ${minutes} min left` : `about ${Math.round(minutes / 60)} h left`;
}
