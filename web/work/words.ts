/** What people call the work. */
import type { Task, Work } from '../../src/server/api.ts';

export type Kind = keyof Work['counts'];

export const kindWords: Record<Kind, string> = {
  scan: 'Clips',
  prepare: 'Parts of data sets',
  train: 'Runs of sweeps',
};

/** What a process takes. */
export const takesWords: Record<Kind, string> = {
  scan: 'clips',
  prepare: 'parts of data sets',
  train: 'runs of sweeps',
};

export const oneWords: Record<Task['kind'], string> = { prepare: 'part', train: 'run' };

export const statusWords: Record<Task['status'], string> = {
  queued: 'waiting',
  running: 'being done',
  done: 'done',
  failed: 'failed',
};
