/** Where a server or a worker tells what happens. */
import type { Begun } from '../database/steps.ts';
import type { BegunTask } from '../database/task-steps.ts';
import type { ClipQueue } from '../jobs/queue.ts';
import { type EventName, type Events, events, gradeOf, type TaskTry, type Try } from './events.ts';
import { traceIdOf } from './traces.ts';

export interface Log {
  /** Never throws. Fields hold no token, no address of a database, and nothing of what a clip shows. */
  tell<E extends EventName>(event: E, fields: Events[E]): void;
}

/** Tells nobody. */
export const silent: Log = { tell: () => undefined };

/** Several that are told the same. */
export function tellAll(...logs: readonly Log[]): Log {
  return {
    tell: (event, fields) => {
      for (const log of logs) log.tell(event, fields);
    },
  };
}

/** A line in words for all that is not routine. The writer makes it safe for a terminal. */
export function forPeople(write: (line: string) => void): Log {
  return {
    tell: (event, fields) => {
      if (gradeOf(event, fields) !== 'routine') write(events[event][1](fields));
    },
  };
}

/** For lines of a clip that is traced. */
export function traced(traceparent: string | null): { trace?: string } {
  const trace = traceIdOf(traceparent);
  return trace === undefined ? {} : { trace };
}

/** From here to now, in seconds with three places. @param begun of `performance.now()` */
export function secondsSince(begun: number): number {
  return Math.round(performance.now() - begun) / 1000;
}

/** What each line about a clip's try carries. */
export function tryOf({
  id,
  attempts,
  job,
  status,
  trace,
}: Pick<Begun, 'id' | 'attempts' | 'job' | 'status' | 'trace'>): Try & { queue: ClipQueue } {
  return {
    clip: id,
    attempt: attempts,
    job,
    queue: status === 'fetching' ? 'fetch' : 'analyse',
    ...traced(trace),
  };
}

/** What each line about a task's try carries. */
export function taskTryOf({
  id,
  kind,
  attempts,
  job,
}: Pick<BegunTask, 'id' | 'kind' | 'attempts' | 'job'>): TaskTry {
  return { task: id, kind, attempt: attempts, job };
}
