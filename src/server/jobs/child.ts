/** Starts an analysis's process and hears how it went. */

import { errors } from '../../base/errors.ts';
import { ownScript } from '../../base/own-script.ts';
import { type Failure, failureOf } from '../failure.ts';
import {
  type AnalysisProgress,
  type AnalysisTask,
  type ClipDocument,
  type FromAnalysis,
  fromAnalysisSchema,
  type ToAnalysis,
} from './messages.ts';
import { type ChildLimits, runProcess } from './process.ts';

export type { ChildLimits };

export type ChildOutcome =
  | { kind: 'done'; document: ClipDocument; peakMiB: number }
  | {
      kind: 'failed';
      error: Failure;
      document: ClipDocument | null;
      peakMiB: number;
    }
  /** The signal ended it. */
  | { kind: 'stopped' };

const analysisScript = ownScript('server/jobs/worker.ts');

export interface RunChildOptions {
  limits: ChildLimits;
  signal: AbortSignal;
  onProgress: (progress: AnalysisProgress) => void;
  /** Bytes of the file, where the process is to ask for them: it needs no network and no keys then. */
  read?: (at: number, length: number) => Promise<Uint8Array>;
  /** Nothing of the machine but its own files, the clip and its folders, and no network; see docs/security.md. */
  confined: boolean;
  /** Another program in place of the analysis: tests bring ones that misbehave. */
  script?: URL;
}

/** Never throws for what a process does: that it breaks down is an outcome. */
export async function runChild(task: AnalysisTask, options: RunChildOptions): Promise<ChildOutcome> {
  const { limits, signal, onProgress, confined, read, script = analysisScript } = options;
  const { name } = task;
  let said: FromAnalysis | undefined;
  const { stopped, why, peakMiB } = await runProcess({
    ...{ script, task, limits, confined, signal },
    read: task.ranges ? [] : [task.path],
    out: task.out,
    breakdowns: {
      memory: (used, limit) => errors.ANALYSIS_MEMORY(name, used, limit),
      time: (seconds) => errors.ANALYSIS_TIME(name, seconds),
      cpu: (seconds) => errors.ANALYSIS_CPU(name, seconds),
      crashed: (how) => errors.ANALYSIS_CRASHED(name, how),
    },
    onMessage: async (message, answer) => {
      const parsed = fromAnalysisSchema.safeParse(message);
      if (!parsed.success) return false;
      if (parsed.data.kind === 'progress') onProgress(parsed.data.progress);
      else if (parsed.data.kind === 'read') await answerRead(answer, parsed.data, read);
      else said = parsed.data;
      return true;
    },
  });
  if (said?.kind === 'done' || said?.kind === 'failed') return { ...said, peakMiB };
  if (stopped) return { kind: 'stopped' };
  return { kind: 'failed', error: failureOf(why), document: null, peakMiB };
}

/** Gives a process the bytes that it asks for, or says that they could not be fetched. */
export async function answerRead(
  answer: (message: ToAnalysis) => Promise<void>,
  { read: number, at, length }: Pick<Extract<FromAnalysis, { kind: 'read' }>, 'read' | 'at' | 'length'>,
  read: ((at: number, length: number) => Promise<Uint8Array>) | undefined,
): Promise<void> {
  const bytes = await read?.(at, length).catch(() => undefined);
  await answer({ read: number, ...(bytes ? { bytes: Buffer.from(bytes).toString('base64') } : {}) });
}
