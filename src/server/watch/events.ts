/** All that a server or a worker tells of itself, one event each: what it carries, how grave it is, and in words. */
import type { JobEvents } from '../jobs/job.ts';
import type { ClipQueue, TaskKind } from '../jobs/queue.ts';
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

/** A try at a piece of a data set or of a sweep. */
export interface TaskTry {
  /** The task's id. */
  task: string;
  kind: TaskKind;
  attempt: number;
  job: string | null;
}

/** An end that a try came to. */
interface Ended extends Try {
  queue: ClipQueue;
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
  accepted: Try & { queue: ClipQueue; bytes?: number };
  begun: Try & { queue: ClipQueue };
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
  'given up': Try & { queue: ClipQueue; code: string };
  /** Its process died; it waits again. */
  'taken from the dead': Try & { queue: ClipQueue; waitSeconds: number };
  /** Cancelled, deleted or taken over by others meanwhile: what this try made is dropped. */
  dropped: Ended;
  'left behind': Try;
  /** An earlier result was there, and could not be copied: the clip is analysed. */
  'not given': Try & { from: string; why: string };

  'task begun': TaskTry;
  'task done': TaskTry & { seconds: number };
  'task failed': TaskTry & { seconds: number; code: string };
  'task put back': TaskTry & JobEvents['put back'];
  'task given up': TaskTry & { code: string };
  'task taken from the dead': TaskTry & { waitSeconds: number };
  'task dropped': TaskTry & { seconds: number };
  'task left behind': TaskTry;
  /** With what an earlier try left at this step. */
  'task goes on': TaskTry & { step: number };
  /** What a run could have gone on from was not kept, or is gone: the next try does more again. */
  'task checkpoint lost': TaskTry & { step: number; why: string };
  /** Tasks whose results were kept for `taskDays`. */
  'tasks removed': { tasks: number };
  /** A file in the store that nobody needs any more. */
  'media left behind': { media: string };
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

  'task begun': ['routine', ({ kind, task, attempt }) => `${kind} ${task}: try ${attempt} begun`],
  'task done': ['routine', ({ kind, task, seconds }) => `${kind} ${task}: done in ${seconds} s`],
  'task failed': ['routine', ({ kind, task, code }) => `${kind} ${task}: failed with ${code}`],
  'task put back': ['warning', ({ kind, task, why, reason }) => `${kind} ${task}: ${why ?? reason}`],
  'task given up': ['warning', ({ kind, task, code }) => `${kind} ${task}: given up with ${code}`],
  'task taken from the dead': [
    'warning',
    ({ kind, task }) => `${kind} ${task}: its worker died; begun again`,
  ],
  'task dropped': ['routine', ({ kind, task }) => `${kind} ${task}: no longer this one's; dropped`],
  'task left behind': [
    'warning',
    ({ kind, task, attempt }) => `${kind} ${task}: what attempt ${attempt} left could not be removed`,
  ],
  'task goes on': ['routine', ({ kind, task, step }) => `${kind} ${task}: goes on at step ${step}`],
  'task checkpoint lost': [
    'warning',
    ({ kind, task, step, why }) =>
      `${kind} ${task}: what it could go on from at step ${step} is lost: ${why}`,
  ],
  'tasks removed': ['notice', ({ tasks }) => `removed what ${tasks} old tasks left`],
  'media left behind': ['notice', ({ media }) => `media ${media} could not be removed from the store`],
};

/** A stop on purpose puts jobs back without anything being wrong. */
export function gradeOf<E extends EventName>(event: E, fields: Events[E]): Grade {
  const back = event === 'put back' || event === 'task put back';
  const routine = back && (fields as JobEvents['put back']).reason === 'stopped';
  return routine ? 'routine' : events[event][0];
}
