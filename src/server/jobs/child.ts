/** Starts an analysis's process, watches its memory and its time, and hears how it went. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { errors, type UserError } from '../../base/errors.ts';
import { type Failure, failureOf } from '../failure.ts';
import type { AnalysisProgress, AnalysisTask, ClipDocument, FromAnalysis, ToAnalysis } from './messages.ts';

const MiB = 2 ** 20;
const watchEvery = 250;

export interface ChildLimits {
  heapMiB: number;
  memoryMiB: number;
  seconds: number;
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

/** Variables that a process needs to start at all. The token, the database's address and all else stay here. */
const passed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot'];

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
  /** Another program in place of the analysis: tests bring ones that misbehave. */
  script?: URL;
}

/** Never throws: a process that breaks down is an outcome. */
export function runChild(task: AnalysisTask, options: RunChildOptions): Promise<ChildOutcome> {
  const { limits, signal, onProgress, read, script = ownScript } = options;
  if (signal.aborted) return Promise.resolve({ kind: 'stopped' });
  const typescript = script.pathname.endsWith('.ts');
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(script), [], {
      execArgv: [
        `--max-old-space-size=${limits.heapMiB}`,
        // TypeScript runs by tsx, a development dependency: a built package never asks for it.
        ...(typescript ? ['--import', import.meta.resolve('tsx')] : []),
      ],
      env: Object.fromEntries(passed.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : []))),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Bytes as bytes, not as lists of numbers.
      serialization: 'advanced',
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
    child.on('message', (message: FromAnalysis) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else if (message.kind === 'read') void answerRead(child, message, read);
      else said = message;
    });
    child.on('error', (error) => {
      stderr = error.message;
    });
    child.send(task, () => undefined);
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

/** Longest piece that is handed over at once: the process that asks is not to be trusted with our memory. */
const longestRead = 8 * MiB;

async function answerRead(
  child: ChildProcess,
  { read: number, at, length }: Extract<FromAnalysis, { kind: 'read' }>,
  read: RunChildOptions['read'],
): Promise<void> {
  const fits = Number.isSafeInteger(at) && at >= 0 && length > 0 && length <= longestRead;
  const bytes = fits ? await read?.(at, length).catch(() => undefined) : undefined;
  const answer: ToAnalysis = { read: number, ...(bytes ? { bytes } : {}) };
  if (child.connected) child.send(answer, () => undefined);
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
