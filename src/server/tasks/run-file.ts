/** Names of what a run leaves: see experiments/run. */
export const runFile = 'run.tar';

/** What a run can go on from, that far. */
export const checkpointFile = (step: number) => `going-on-${step}.tar`;

/** The same, where the worker lays it for the process. */
export const goOnFile = 'go-on-from.tar';
