/** Runs a program and tells its output, wall time and peak memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ChildRun {
  stdout: string;
  stderr: string;
  code: number | null;
  seconds: number;
  /** Peak resident memory of the process itself, MiB; 0 where /proc does not tell. */
  peakMiB: number;
  /** Processor time of all its threads and of its own children that ended, seconds; 0 where /proc does not tell. */
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
    let cpuSeconds = 0;
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    // VmHWM only rises, so the last reading before the end is the peak, give or take 20 ms of growth.
    const timer = setInterval(() => {
      try {
        const match = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
        if (match) peakMiB = Number(match[1]) / 1024;
        // After the name, which may hold anything: utime, stime, cutime, cstime are the 12th to 15th field.
        const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        const used = stat.slice(11, 15).reduce((sum, value) => sum + Number(value), 0) / ticks;
        if (used > cpuSeconds) cpuSeconds = used;
      } catch {
        // The process has just ended.
      }
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
        cpuSeconds,
      });
    });
  });
}
