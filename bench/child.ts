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
}

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
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    // VmHWM only rises, so the last reading before the end is the peak, give or take 20 ms of growth.
    const timer = setInterval(() => {
      try {
        const match = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
        if (match) peakMiB = Number(match[1]) / 1024;
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
      });
    });
  });
}
