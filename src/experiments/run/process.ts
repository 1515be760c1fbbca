/** Starts training runs as processes and hears how they go. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isBuilt, ownScript } from '../../base/own-script.ts';
import type { RunEvent, RunSummary } from '../../train/run.ts';

export interface RunFailure {
  message: string;
  code: string | null;
}

export type RunOutcome = { summary: RunSummary } | { failure: RunFailure };

type Message =
  | { kind: 'event'; event: RunEvent }
  | { kind: 'done'; summary: RunSummary }
  | { kind: 'failed'; message: string; code?: string };

/** Trains the run in `folder` (its recipe.json is there) to its end, or to a checkpoint once `signal` aborts. */
export function trainInProcess(
  folder: string,
  { onEvent, signal }: { onEvent?: (event: RunEvent) => void; signal?: AbortSignal } = {},
): Promise<RunOutcome> {
  const script = ownScript('experiments/run/worker.ts');
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(script), [folder], {
      // TypeScript runs by tsx, a development dependency: a built package never asks for it.
      execArgv: isBuilt ? [] : ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let outcome: RunOutcome | undefined;
    let said = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      said = `${said}${bytes}`.slice(-2000);
    });
    // The group gets a terminal's Ctrl-C by itself; a second signal would end the child without its checkpoint.
    const stop = () => void child.kill('SIGTERM');
    signal?.addEventListener('abort', stop, { once: true });
    child.on('message', (message: Message) => {
      if (message.kind === 'event') onEvent?.(message.event);
      else if (message.kind === 'done') outcome = { summary: message.summary };
      else outcome = { failure: { message: message.message, code: message.code ?? null } };
    });
    child.on('error', (error) => {
      outcome ??= { failure: { message: error.message, code: null } };
    });
    child.on('close', (code, killed) => {
      signal?.removeEventListener('abort', stop);
      const how = killed === null ? `ended with code ${code}` : `was killed by ${killed}`;
      resolve(
        outcome ?? {
          failure: { message: `its process ${how}. ${said.trim().split('\n').at(-1) ?? ''}`, code: null },
        },
      );
    });
  });
}
