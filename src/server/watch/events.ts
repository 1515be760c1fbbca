/** All that a server or a worker tells of itself, one event each: what it carries, how grave it is, and in words. */
import type { QueueName } from '../jobs/queue.ts';
import type { Stage } from '../jobs/stage-clock.ts';

/** A try at a clip's step. Names and addresses of clips are not among it: logs are kept longer than clips. */
export interface Try {
  /** The clip's id. */
  clip: string;
  /** Which try this is, from 1; 0 where none was begun yet. */
  attempt: number;
  /** Of the queue; null where it waits for nothing there any more. */
  job: string | null;
  /** Of the clip's trace, where traces are configured (docs/operations.md). */
  trace?: string | undefined;
}

/** An end that a try came to. */
interface Ended extends Try {
  queue: QueueName;
  /** From its beginning. */
  seconds: number;
}

export interface Events {
  starting: Record<never, never>;
  started: { url?: string; store?: string; watchedAt?: string; slots: number };
  'not started': { code: string; why: string };
  stopping: Record<never, never>;
  'stop failed': { why: string };
  unconfined: { why: string };
  swept: { files: number };
  'sweep failed': { why: string };
  'upload broken off': { upload: string; why: string };
  'request failed': { method: string; route: string; why: string };
  'database away': { why: string };
  'database back': Record<never, never>;
  'taken for dead': Record<never, never>;
  'queue failed': { why: string };
  'jobs failed': { why: string };
  'watching failed': { why: string };

  /** `bytes` where they came with it. */
  accepted: Try & { queue: QueueName; bytes?: number };
  begun: Try & { queue: QueueName };
  /** A clip was fetched from its address and waits for its analysis. */
  fetched: Ended;
  done: Ended & {
    verdict: string;
    /** Largest resident memory of its process; 0 where the system does not tell. */
    peakMiB: number;
    /** Seconds by stage. */
    stages: Partial<Record<Stage, number>>;
  };
  /** The result of an earlier analysis of the same bytes. */
  given: Ended & { from: string; verdict: string };
  /** Final: the clip is at fault. `stage` is the last that was reached. */
  failed: Ended & {
    code: string;
    stage?: Stage | 'fetch' | undefined;
    peakMiB?: number;
    stages?: Partial<Record<Stage, number>>;
  };
  /** Waits again: after a stop, a lost connection, or what another machine may do better. */
  'put back': Ended & {
    reason: 'stopped' | 'lost' | 'failed';
    /** Before the next try. */
    waitSeconds: number;
    code?: string | undefined;
    why?: string | undefined;
  };
  'given up': Try & { queue: QueueName; code: string };
  /** Its process died; it waits again. */
  'taken from the dead': Try & { queue: QueueName; waitSeconds: number };
  /** Cancelled, deleted or taken over by others meanwhile: what this try made is dropped. */
  dropped: Ended;
  'left behind': Try;
  /** An earlier result was there, and could not be copied: the clip is analysed. */
  'not given': Try & { from: string; why: string };
}
export type EventName = keyof Events;

/** `routine` is what happens all the time: machines read it, people are not told. */
export type Grade = 'routine' | 'notice' | 'warning' | 'error';

type Known = { [E in EventName]: readonly [grade: Grade, words: (fields: Events[E]) => string] };

export const events: Known = {
  starting: ['notice', () => 'starting'],
  started: ['routine', ({ url, slots }) => `${url ? `serves at ${url}` : 'works'}, ${slots} at a time`],
  'not started': ['error', ({ code, why }) => `${code}: ${why}`],
  stopping: ['notice', () => 'stopping; what is not finished is handed back'],
  'stop failed': ['warning', ({ why }) => `stop: ${why}`],
  unconfined: ['warning', ({ why }) => `analyses are not confined: ${why}`],
  swept: ['notice', ({ files }) => `removed ${files} files that no clip tells of`],
  'sweep failed': ['warning', ({ why }) => `old uploads could not be removed: ${why}`],
  'upload broken off': ['notice', ({ upload, why }) => `upload ${upload} broken off: ${why}`],
  'request failed': ['error', ({ method, route, why }) => `${method} ${route}: ${why}`],
  'database away': ['warning', ({ why }) => `the database is away (${why}); trying until it is back`],
  'database back': ['notice', () => 'the database is back'],
  'taken for dead': ['warning', () => 'others took this one for dead: what it did is begun again elsewhere'],
  'queue failed': ['error', ({ why }) => `queue: ${why}`],
  'jobs failed': ['error', ({ why }) => `jobs: ${why}`],
  'watching failed': ['warning', ({ why }) => `metrics or traces: ${why}`],

  accepted: ['routine', ({ clip }) => `clip ${clip}: accepted`],
  begun: ['routine', ({ clip, attempt }) => `clip ${clip}: try ${attempt} begun`],
  fetched: ['routine', ({ clip }) => `clip ${clip}: fetched`],
  done: ['routine', ({ clip, seconds }) => `clip ${clip}: done in ${seconds} s`],
  given: ['routine', ({ clip, from }) => `clip ${clip}: given the result of clip ${from}`],
  failed: ['routine', ({ clip, code }) => `clip ${clip}: failed with ${code}`],
  'put back': ['warning', ({ clip, why, reason }) => `clip ${clip}: ${why ?? reason}`],
  'given up': ['warning', ({ clip, code }) => `clip ${clip}: given up with ${code}`],
  'taken from the dead': ['warning', ({ clip }) => `clip ${clip}: its server died; begun again`],
  dropped: ['routine', ({ clip }) => `clip ${clip}: no longer this one's; dropped`],
  'left behind': [
    'warning',
    ({ clip, attempt }) => `clip ${clip}: what attempt ${attempt} left could not be removed`,
  ],
  'not given': [
    'notice',
    ({ clip, from, why }) => `clip ${clip}: the result of clip ${from} is not used: ${why}`,
  ],
};

/** A stop on purpose puts clips back without anything being wrong. */
export function gradeOf<E extends EventName>(event: E, fields: Events[E]): Grade {
  const routine = event === 'put back' && (fields as Events['put back']).reason === 'stopped';
  return routine ? 'routine' : events[event][0];
}
