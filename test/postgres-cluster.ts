/** A PostgreSQL cluster of one's own, from Debian's package: for tests and benches. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const versions = '/usr/lib/postgresql';

function findPrograms(): string | undefined {
  if (!existsSync(versions)) return undefined;
  const newest = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  return newest
    .map((version) => join(versions, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
}

const programs = findPrograms();
const isRoot = process.getuid?.() === 0;

export const havePostgres = programs !== undefined;

/** PostgreSQL refuses to run as root: then its own user does. */
function run(program: string, args: readonly string[]): void {
  const path = join(programs as string, program);
  const [command, all] = isRoot ? ['runuser', ['-u', 'postgres', '--', path, ...args]] : [path, [...args]];
  const { status, stderr, error } = spawnSync(command, all, {
    cwd: tmpdir(),
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
}

/** Starts a cluster on a socket in a temporary folder. @returns what makes a fresh database and its address. */
export function postgresCluster(): { freshDatabase: () => string; stop: () => void; start: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mesoscope-pg-'));
  if (isRoot) {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    chownSync(folder, id('-u'), id('-g'));
  }
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8']);
  const start = () =>
    run('pg_ctl', [
      ...['-D', data, '-w', '-l', join(folder, 'log'), 'start'],
      ...[
        '-o',
        `-k ${folder} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB -c max_connections=40`,
      ],
    ]);
  start();
  let databases = 0;
  return {
    freshDatabase: () => {
      const name = `mesoscope_${++databases}`;
      run('createdb', ['-h', folder, '-U', 'postgres', name]);
      return `postgres://postgres@localhost/${name}?host=${encodeURIComponent(folder)}`;
    },
    start,
    stop: () => {
      run('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']);
    },
  };
}
