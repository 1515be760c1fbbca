/** Folders for what a process leaves half done: gone with it, or, where we were killed first, with the next who makes one. */
import { readlinkSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Numbers of processes mean something within one namespace only: containers that share a folder for temporary files must not
 * take each other's for dead.
 */
function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

const prefix = `mesoscope-analysis-${namespace()}-`;
let swept: Promise<void> | undefined;

/** A fresh folder of this process. What processes that are gone left behind is removed once before. */
export async function makeScratch(): Promise<string> {
  swept ??= sweepScratch();
  await swept;
  return mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
}

/** Removes the folders of processes that do not live any more. Never throws: what stays is only room. */
export async function sweepScratch(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    if (Number.isInteger(pid) && pid > 0 && !lives(pid)) {
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
