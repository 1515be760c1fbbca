/** One server a data folder. */
import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';

/**
 * Holds the folder for this process. The mark is a local socket, because the system takes it away when the process
 * ends, however it ends: a file with a process id in it would outlive a kill.
 * @returns what lets go of it. @throws DATA_FOLDER_BUSY
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = socketPath(await realpath(folder));
  const held = (await listen(path)) ?? ((await isStale(path)) ? await listen(path) : undefined);
  if (!held) throw errors.DATA_FOLDER_BUSY(folder);
  held.unref();
  return () => new Promise((resolve) => void held.close(() => resolve()));
}

function socketPath(folder: string): string {
  const name = `mesoscope-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  // Linux's abstract names and Windows's pipes leave nothing in the file system.
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return join(tmpdir(), `${name}.sock`);
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => void socket.end());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server));
  });
}

/** A socket file whose process is gone is removed: elsewhere than on Linux and Windows it outlives it. */
async function isStale(path: string): Promise<boolean> {
  if (process.platform === 'linux' || process.platform === 'win32') return false;
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
  if (!answered) await rm(path, { force: true });
  return !answered;
}
