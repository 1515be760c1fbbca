/** What an analysis may read of this machine: itself, its libraries, and what they ask of the system. Linux. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Paths } from './landlock.ts';

const root = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../' : '../../', import.meta.url),
);

/**
 * What programs and libraries are made of. Beside code there is nothing of users in them; `/etc` is not among them, but for
 * the loader's cache, the time zone and OpenSSL's settings.
 */
const system = [
  ...['/usr', '/lib', '/lib64', '/lib32', '/nix/store', '/gnu/store'],
  ...['/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/ld-musl-x86_64.path'],
  ...['/etc/localtime', '/etc/ssl/openssl.cnf', '/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'],
  ...['/proc/self', '/proc/meminfo', '/proc/cpuinfo', '/proc/stat', '/proc/sys/vm/overcommit_memory'],
  ...['/sys/devices/system', '/sys/fs/cgroup'],
];

/** Of the package, not its folder as a whole: data may lie there that was left at its default place. */
const own = ['dist', 'detectors', 'node_modules', 'package.json'];

/**
 * @param script that runs
 * @param clip the file that is looked at, where it lies on this machine
 * @param out the folders that may be written
 */
export function analysisPaths(script: string, clip: readonly string[], out: readonly string[]): Paths {
  return {
    read: [...system, ...own.map((name) => `${root}${name}`), ...installedIn(), dirname(script), ...clip],
    execute: [realpathSync(process.execPath), ...['/lib', '/lib64', '/usr/lib'].filter(existsSync)],
    write: [...out, '/dev/null'],
  };
}

/** The outermost `node_modules` that this package lies in: its libraries are there. */
function installedIn(): string[] {
  const at = root.indexOf('/node_modules/');
  return at < 0 ? [] : [root.slice(0, at + '/node_modules'.length)];
}
