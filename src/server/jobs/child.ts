/** Starts an analysis's process, watches its memory and its time, and hears how it went. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { errors, type UserError } from '../../base/errors.ts';
import { type Failure, failureOf } from '../failure.ts';
import { startCommand } from '../sandbox/sandbox.ts';
import { channelFile, LineChannel } from './line-channel.ts';
import {
  type AnalysisProgress,
  type AnalysisTask,
  type ClipDocument,
  type FromAnalysis,
  fromAnalysisSchema,
  type ToAnalysis,
} from './messages.ts';

const MiB = 2 ** 20;
const watchEvery = 250;
/** A result with all faces of the most frames that are looked at is a tenth of it. */
const longestMessage = 64 * MiB;

export interface ChildLimits {
  heapMiB: number;
  memoryMiB: number;
  /** By the clock. */
  seconds: number;
  /** Of all its threads together. */
  cpuSeconds: number;
}

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

/**
 * Variables that a process needs to start at all. The token, the database's address and all else stay here; home and the
 * folder for temporary files become one of its own.
 */
const passed = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot'];

const built = !import.meta.url.endsWith('.ts');
const ownScript = built
  ? new URL('../../dist/workers/server-jobs-worker.js', import.meta.url)
  : new URL('./worker.ts', import.meta.url);

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
  const scratch = await mkdtemp(join(tmpdir(), 'mesoscope-analysis-'));
  // Before the process starts: what is not there cannot be let in.
  await mkdir(task.out, { recursive: true, mode: 0o700 });
  try {
    return await runIn(scratch, task, options);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function runIn(scratch: string, task: AnalysisTask, options: RunChildOptions): Promise<ChildOutcome> {
  const { limits, signal, onProgress, confined, read, script = ownScript } = options;
  if (signal.aborted) return Promise.resolve({ kind: 'stopped' });
  const typescript = script.pathname.endsWith('.ts');
  const { command, args } = startCommand(
    fileURLToPath(script),
    [
      `--max-old-space-size=${limits.heapMiB}`,
      // TypeScript runs by tsx, a development dependency: a built package never asks for it.
      ...(typescript ? ['--import', import.meta.resolve('tsx')] : []),
    ],
    limits,
    // tsx starts a compiler as a further process, which a confined one may not.
    confined && !typescript
      ? { read: task.ranges ? [] : [task.path], write: [task.out, scratch] }
      : undefined,
  );
  const env = Object.fromEntries(
    passed.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])),
  );
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: scratch,
      env: { ...env, HOME: scratch, TMPDIR: scratch, TEMP: scratch, TMP: scratch },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let said: FromAnalysis | undefined;
    let ended: UserError | undefined;
    let [stderr, peakMiB] = ['', 0];
    const kill = (why?: UserError) => {
      ended ??= why;
      child.kill('SIGKILL');
    };
    const stop = () => kill();
    signal.addEventListener('abort', stop, { once: true });
    const clock = setTimeout(
      () => kill(errors.ANALYSIS_TIME(task.name, limits.seconds)),
      limits.seconds * 1000,
    );
    const watch = setInterval(async () => {
      const used = await residentMiB(child.pid);
      peakMiB = Math.max(peakMiB, used);
      if (used > limits.memoryMiB) kill(errors.ANALYSIS_MEMORY(task.name, used, limits.memoryMiB));
    }, watchEvery);
    child.stderr?.on('data', (bytes: Buffer) => {
      stderr = `${stderr}${bytes}`.slice(-4_000);
    });
    // A decoder that was taken over could say anything: what is no message of ours ends it.
    const broken = (problem: string) => kill(errors.ANALYSIS_CRASHED(task.name, problem));
    const channel = new LineChannel(child.stdio[channelFile] as Duplex, {
      longest: longestMessage,
      onMessage: (message) => {
        const parsed = fromAnalysisSchema.safeParse(message);
        if (!parsed.success) return broken('it sent what is no message');
        if (parsed.data.kind === 'progress') onProgress(parsed.data.progress);
        else if (parsed.data.kind === 'read') return answer(channel, parsed.data, read);
        else said = parsed.data;
      },
      onEnd: (problem) => problem !== undefined && broken(problem),
    });
    child.on('error', (error) => {
      stderr = error.message;
    });
    void channel.send(task);
    child.on('close', (code, killed) => {
      clearTimeout(clock);
      clearInterval(watch);
      signal.removeEventListener('abort', stop);
      if (said?.kind === 'done' || said?.kind === 'failed') return resolve({ ...said, peakMiB });
      if (!ended && signal.aborted) return resolve({ kind: 'stopped' });
      const error = ended ?? whyItBrokeDown(task, limits, code, killed, stderr, peakMiB);
      resolve({ kind: 'failed', error: failureOf(error), document: null, peakMiB });
    });
  });
}

/** One piece at a time: a process that asks for more than it takes waits, and costs no memory here. */
async function answer(
  channel: LineChannel,
  { read: number, at, length }: Extract<FromAnalysis, { kind: 'read' }>,
  read: RunChildOptions['read'],
): Promise<void> {
  const bytes = await read?.(at, length).catch(() => undefined);
  const answered: ToAnalysis = {
    read: number,
    ...(bytes ? { bytes: Buffer.from(bytes).toString('base64') } : {}),
  };
  await channel.send(answered);
}

function whyItBrokeDown(
  { name }: AnalysisTask,
  limits: ChildLimits,
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
  peakMiB: number,
): UserError {
  if (/heap out of memory|Reached heap limit/.test(stderr)) {
    return errors.ANALYSIS_MEMORY(name, Math.max(peakMiB, limits.heapMiB), limits.heapMiB);
  }
  // The system gave no more, before the watch had seen it.
  if (/allocation failed|ERR_MEMORY_ALLOCATION_FAILED|bad_alloc|Zone Allocation|OOM/i.test(stderr)) {
    return errors.ANALYSIS_MEMORY(name, Math.max(peakMiB, limits.memoryMiB), limits.memoryMiB);
  }
  if (signal === 'SIGXCPU') return errors.ANALYSIS_CPU(name, limits.cpuSeconds);
  return errors.ANALYSIS_CRASHED(name, signal ? `its process was ended by ${signal}` : `exit code ${code}`);
}

/** Resident memory of a process as Linux tells it; 0 where it cannot be known. */
async function residentMiB(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / (MiB / 1024));
  } catch {
    return 0;
  }
}
