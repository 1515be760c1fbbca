/**
 * Landlock (Linux 5.13 and later): a process gives up rights to files and to TCP, for itself and all that comes after it,
 * without being root. The numbers are those of `linux/landlock.h`.
 */
import type { Libc } from './libc.ts';

const [pathOnly, closeOnExec] = [0o10000000, 0o2000000];

/** Rights to files; the names follow the header. */
const fs = {
  execute: 1n << 0n,
  writeFile: 1n << 1n,
  readFile: 1n << 2n,
  readDir: 1n << 3n,
  /** Removing files and folders, making folders, making plain files. */
  change: (1n << 4n) | (1n << 5n) | (1n << 7n) | (1n << 8n),
  refer: 1n << 13n,
  truncate: 1n << 14n,
  ioctlDev: 1n << 15n,
};
/** The rights that make sense for something that is no folder. */
const ofFiles = fs.execute | fs.writeFile | fs.readFile | fs.truncate | fs.ioctlDev;

export interface Paths {
  /** Files and folders, with all in them. Those that are not there are passed over. */
  read: readonly string[];
  /** Read and started as programs. */
  execute: readonly string[];
  /**
   * Read, written, made and removed: plain files and folders alone. A symbolic link that is left behind would lead whoever
   * reads it later, with more rights, to any file; a pipe would have him wait for ever.
   */
  write: readonly string[];
}

/** The version that the kernel speaks; 0 where it speaks none. */
export function landlockVersion(libc: Libc): number {
  const version = libc.createRuleset(null, 0n, 1);
  return version > 0 ? version : 0;
}

/**
 * Gives up all rights to files but those listed, and, by the kernel's version, TCP (4) and sending signals to processes
 * outside (6). Only for the calling thread and what it starts: call it before the program proper, then `exec`.
 * @returns the kernel's version. Throws a plain error where the kernel refuses.
 */
export function restrictPaths(libc: Libc, { read, execute, write }: Paths): number {
  const version = landlockVersion(libc);
  if (version === 0) throw new Error('the kernel has no Landlock');
  const handled =
    0x1fffn |
    (version >= 2 ? fs.refer : 0n) |
    (version >= 3 ? fs.truncate : 0n) |
    (version >= 5 ? fs.ioctlDev : 0n);
  const attributes = Buffer.alloc(24);
  attributes.writeBigUInt64LE(handled, 0);
  // Binding and connecting TCP sockets.
  attributes.writeBigUInt64LE(0b11n, 8);
  // Abstract UNIX sockets and signals.
  attributes.writeBigUInt64LE(0b11n, 16);
  const size = version >= 6 ? 24n : version >= 4 ? 16n : 8n;
  const ruleset = libc.createRuleset(attributes, size, 0);
  if (ruleset < 0) throw new Error(`Landlock makes no ruleset (${ruleset})`);
  const allow = (paths: readonly string[], rights: bigint) => {
    for (const path of paths) allowPath(libc, ruleset, path, rights & handled);
  };
  allow(read, fs.readFile | fs.readDir);
  allow(execute, fs.readFile | fs.readDir | fs.execute);
  allow(write, fs.readFile | fs.readDir | fs.writeFile | fs.truncate | fs.change | fs.refer);
  libc.allowNothingNew();
  if (libc.restrictSelf(ruleset) !== 0) throw new Error('Landlock takes no effect');
  libc.close(ruleset);
  return version;
}

function allowPath(libc: Libc, ruleset: number, path: string, rights: bigint): void {
  const file = libc.open(path, pathOnly | closeOnExec);
  if (file < 0) return;
  const rule = Buffer.alloc(12);
  rule.writeInt32LE(file, 8);
  // Landlock refuses rights of folders for a file, and does not say which it is.
  for (const mask of [rights, rights & ofFiles]) {
    rule.writeBigUInt64LE(mask, 0);
    if (libc.addPathRule(ruleset, rule) === 0) {
      libc.close(file);
      return;
    }
  }
  libc.close(file);
  throw new Error(`Landlock takes no rule for ${path}`);
}
