/** Runs a program and tells its output, wall time and peak memory. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ChildRun {
  stdout: string;
  stderr: string;
  code: number | null;
  seconds: number;
  /** Peak resident memory of the process and those that it started, together, MiB; 0 where /proc does not tell. */
  peakMiB: number;
  /** Processor time of all of them, seconds, but for the last 20 ms of each; 0 where /proc does not tell. */
  cpuSeconds: number;
}

/** Clock ticks a second on Linux, whatever the kernel's own rate. */
const ticks = 100;

export function runChild(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ChildRun> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let peakMiB = 0;
    const cpu = new Map<number, number>();
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const timer = setInterval(() => {
      const tree = child.pid === undefined ? [] : processTree(child.pid);
      for (const { pid, cpuSeconds } of tree) cpu.set(pid, Math.max(cpuSeconds, cpu.get(pid) ?? 0));
      peakMiB = Math.max(peakMiB, tree[0]?.peakMiB ?? 0, sum(tree.map(({ residentMiB }) => residentMiB)));
    }, 20);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({
        stdout,
        stderr,
        code,
        seconds: (performance.now() - start) / 1000,
        peakMiB: Math.round(peakMiB),
        cpuSeconds: sum([...cpu.values()]),
      });
    });
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The process and all that it started, itself first: memory now and at its most, processor time so far. */
export function processTree(pid: number) {
  return descendants(pid).map(read);
}

function descendants(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
    return [pid, ...children.flatMap(descendants)];
  } catch {
    // It has just ended.
    return [pid];
  }
}

function read(pid: number) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kibibytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    // After the name, which may hold anything: utime and stime are the 12th and 13th field.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return {
      pid,
      peakMiB: kibibytes('VmHWM') / 1024,
      residentMiB: kibibytes('VmRSS') / 1024,
      cpuSeconds: (Number(stat[11]) + Number(stat[12])) / ticks,
    };
  } catch {
    return { pid, peakMiB: 0, residentMiB: 0, cpuSeconds: 0 };
  }
}
