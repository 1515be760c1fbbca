/** A process that does one thing for us with a stranger's file: started, watched for memory and time, heard, ended. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { UserError } from '../../base/errors.ts';
import { startCommand } from '../sandbox/sandbox.ts';
import { channelFile, LineChannel } from './line-channel.ts';
import { makeScratch } from './scratch.ts';

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

/** One that does many things may take as long as they need: whoever starts it watches each of them. */
export type ProcessLimits = Pick<ChildLimits, 'heapMiB'> & Partial<ChildLimits>;

/** How each way to break down is told. */
export interface Breakdowns {
  memory: (usedMiB: number, limitMiB: number) => UserError;
  time: (seconds: number) => UserError;
  cpu: (seconds: number) => UserError;
  crashed: (how: string) => UserError;
}

export interface ProcessOptions {
  /** The program: JavaScript, or TypeScript where the package was not built. */
  script: URL;
  /** Its first message. */
  task: object;
  /** Files and folders of users that it may read. */
  read: readonly string[];
  /** Folder that is made, and that it may fill; none where it only tells. */
  out?: string;
  /** Where relative paths begin; its own folder by default. */
  cwd?: string;
  limits: ProcessLimits;
  /** Nothing of the machine but its own files, `read` and `out`, and no network; see docs/security.md. */
  confined: boolean;
  signal: AbortSignal;
  /** One message at a time: the next is read when this has settled. @returns false for what is no message: that ends it. */
  onMessage: (
    message: unknown,
    answer: (message: object) => Promise<void>,
  ) => boolean | undefined | Promise<boolean | undefined>;
  breakdowns: Breakdowns;
}

export interface ProcessEnd {
  /** Whether the signal ended it, and nothing else was wrong before. */
  stopped: boolean;
  /** Why it ended, where it had not said so itself. */
  why: UserError;
  /** Largest resident memory that was seen; 0 where the system does not tell. */
  peakMiB: number;
  /** The end of what it wrote to its standard error. */
  complaint: string;
}

/**
 * Variables that a process needs to start at all. The token, the database's address and all else stay here; home and the
 * folder for temporary files become one of its own.
 */
const passed = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot'];

/** Never throws for what a process does: that it breaks down is an outcome. */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const scratch = await makeScratch();
  // Before the process starts: what is not there cannot be let in.
  if (options.out) await mkdir(options.out, { recursive: true, mode: 0o700 });
  try {
    return await runIn(scratch, options);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function runIn(scratch: string, options: ProcessOptions): Promise<ProcessEnd> {
  const { limits, signal, confined, script, task, read, out, cwd = scratch, onMessage, breakdowns } = options;
  if (signal.aborted) {
    return Promise.resolve({
      stopped: true,
      why: breakdowns.crashed('it was stopped'),
      peakMiB: 0,
      complaint: '',
    });
  }
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
    confined && !typescript ? { read, write: [...(out ? [out] : []), scratch] } : undefined,
  );
  const env = Object.fromEntries(
    passed.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])),
  );
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: {
        ...env,
        ORT_DISABLE_TELEMETRY: '1',
        HOME: scratch,
        TMPDIR: scratch,
        TEMP: scratch,
        TMP: scratch,
      },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let ended: UserError | undefined;
    let [stderr, peakMiB] = ['', 0];
    const kill = (why?: UserError) => {
      ended ??= why;
      child.kill('SIGKILL');
    };
    const stop = () => kill();
    signal.addEventListener('abort', stop, { once: true });
    const { seconds, memoryMiB = Infinity } = limits;
    const clock = seconds && setTimeout(() => kill(breakdowns.time(seconds)), seconds * 1000);
    const watch = setInterval(async () => {
      const used = await residentMiB(child.pid);
      peakMiB = Math.max(peakMiB, used);
      if (used > memoryMiB) kill(breakdowns.memory(used, memoryMiB));
    }, watchEvery);
    child.stderr?.on('data', (bytes: Buffer) => {
      stderr = `${stderr}${bytes}`.slice(-4_000);
    });
    // What was taken over could say anything: what is no message of ours ends it.
    const broken = (problem: string) => kill(breakdowns.crashed(problem));
    const channel = new LineChannel(child.stdio[channelFile] as Duplex, {
      longest: longestMessage,
      onMessage: async (message) => {
        if ((await onMessage(message, answer)) === false) broken('it sent what is no message');
      },
      onEnd: (problem) => problem !== undefined && broken(problem),
    });
    const answer = (message: object) => channel.send(message);
    child.on('error', (error) => {
      stderr = error.message;
    });
    void channel.send(task);
    child.on('close', (code, killed) => {
      if (clock) clearTimeout(clock);
      clearInterval(watch);
      signal.removeEventListener('abort', stop);
      resolve({
        stopped: ended === undefined && signal.aborted,
        why: ended ?? whyItBrokeDown(breakdowns, limits, code, killed, stderr, peakMiB),
        peakMiB,
        complaint: stderr,
      });
    });
  });
}

function whyItBrokeDown(
  { memory, cpu, crashed }: Breakdowns,
  limits: ProcessLimits,
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
  peakMiB: number,
): UserError {
  if (/heap out of memory|Reached heap limit/.test(stderr)) {
    return memory(Math.max(peakMiB, limits.heapMiB), limits.heapMiB);
  }
  // The system gave no more, before the watch had seen it.
  if (/allocation failed|ERR_MEMORY_ALLOCATION_FAILED|bad_alloc|Zone Allocation|OOM/i.test(stderr)) {
    const most = limits.memoryMiB ?? peakMiB;
    return memory(Math.max(peakMiB, most), most);
  }
  if (signal === 'SIGXCPU' && limits.cpuSeconds) return cpu(limits.cpuSeconds);
  return crashed(signal ? `its process was ended by ${signal}` : `exit code ${code}`);
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
