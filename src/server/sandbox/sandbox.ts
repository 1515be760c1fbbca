/** How an analysis's process is started: confined as far as this machine allows. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, errors } from '../../base/errors.ts';
import { isBuilt, ownScript } from '../../base/own-script.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { analysisPaths } from './paths.ts';

const MiB = 2 ** 20;
const shell = '/bin/sh';
/** More than one analysis writes to one file, and than it holds open. */
const [mostFileMiB, mostOpen] = [1024, 1024];
/** Private memory that is asked for and never used (stacks of threads, arenas), beside what the limit counts. */
const spareMiB = 1024;

const launcher = ownScript('server/sandbox/launcher.ts');

export interface Confinement {
  /** Landlock's version and the filter of system calls; 0 and false where there are none. */
  landlock: number;
  filter: boolean;
  /** Why not more, in words; empty where all holds. */
  reason: string;
}

/** None where left out. */
export interface ProcessLimits {
  memoryMiB?: number;
  cpuSeconds?: number;
}

export interface Start {
  command: string;
  args: string[];
}

/** What this machine can hold an analysis to. Never throws. */
export function probeConfinement(): Promise<Confinement> {
  const none = (reason: string): Confinement => ({ landlock: 0, filter: false, reason });
  if (process.platform !== 'linux') return Promise.resolve(none(`${process.platform} has no Landlock`));
  const plan = { probe: true } as LaunchPlan;
  return new Promise((resolve) => {
    execFile(process.execPath, launcherArgs(plan), { env: {}, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error) return resolve(none(describe(stderr.trim() || error)));
      const { landlock, filter } = JSON.parse(stdout) as { landlock: number; filter: boolean };
      const reason = [
        landlock === 0 && 'the kernel has no Landlock (Linux 5.13)',
        !filter && `system calls of ${process.arch} are not known`,
      ].filter(Boolean);
      resolve({ landlock, filter, reason: reason.join('; ') });
    });
  });
}

/** Whether analyses are confined. @throws SANDBOX_UNAVAILABLE where they must be and cannot */
export function decideSandbox(wanted: 'auto' | 'require' | 'off', { reason }: Confinement): boolean {
  if (wanted === 'require' && reason !== '') throw errors.SANDBOX_UNAVAILABLE(reason);
  return wanted !== 'off' && reason === '';
}

/**
 * The command for a Node program: limits by the shell, which every POSIX system has, then the launcher, where confined.
 * @param confined the files of users that it may read, and the folders that it may write
 */
export function startCommand(
  script: string,
  nodeArgs: readonly string[],
  { memoryMiB, cpuSeconds }: ProcessLimits,
  confined: { read: readonly string[]; write: readonly string[] } | undefined,
): Start {
  const plain = [...nodeArgs, script];
  if (process.platform === 'win32' || !existsSync(shell)) return { command: process.execPath, args: plain };
  const limits = [
    'ulimit -c 0',
    // The hard limit kills without a word; the soft one, before it, by a signal that can be told apart.
    ...(cpuSeconds === undefined
      ? []
      : [`ulimit -H -t ${Math.ceil(cpuSeconds) + 5}`, `ulimit -S -t ${Math.ceil(cpuSeconds)}`]),
    // POSIX: blocks of 512 bytes.
    `ulimit -f ${(mostFileMiB * MiB) / 512}`,
    `ulimit -n ${mostOpen}`,
    ...(memoryMiB === undefined ? [] : [`ulimit -d ${(memoryMiB + spareMiB) * 1024}`]),
  ].map((limit) => `${limit} 2>/dev/null`);
  const program = process.execPath;
  const args = confined
    ? launcherArgs({ program, args: plain, paths: analysisPaths(script, confined.read, confined.write) })
    : plain;
  return { command: shell, args: ['-c', [...limits, 'exec "$@"'].join('; '), 'sh', program, ...args] };
}

function launcherArgs(plan: LaunchPlan): string[] {
  return [
    ...(isBuilt ? [] : ['--import', import.meta.resolve('tsx')]),
    fileURLToPath(launcher),
    JSON.stringify(plan),
  ];
}
