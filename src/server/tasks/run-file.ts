/** Name of what a run leaves: see experiments/run/pack.ts. */
export const runFile = 'run.tar';
