/** A data folder as one tar file, with the hash of everything in it. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { errors } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import { flushFile } from '../storage/folder-store.ts';
import { lockFolder } from '../storage/lock.ts';
import { type BackupManifest, belongs, manifestName } from './manifest.ts';

export interface BackupOptions {
  onFile?: (done: number, all: number, path: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Writes a backup of the data folder beside `out` and gives it its name once it is whole and on the disk. The folder
 * is held for so long: no server changes it meanwhile.
 * @throws DATA_FOLDER_BUSY, DATA_FOLDER_MISSING, OUTPUT_UNWRITABLE, and the signal's reason
 */
export async function writeBackup(
  folder: string,
  out: string,
  { onFile, signal }: BackupOptions = {},
): Promise<BackupManifest> {
  if (!existsSync(join(folder, 'media'))) throw errors.DATA_FOLDER_MISSING(folder);
  const release = await lockFolder(folder);
  const part = `${out}.part`;
  try {
    const { files, folders } = await everythingBelow(folder);
    const paths = files.filter(belongs).sort();
    const manifest: BackupManifest = {
      schema: 'mesoscope.backup/1',
      version,
      madeAt: new Date().toISOString(),
      database: existsSync(join(folder, 'database')) ? 'embedded' : 'server',
      folders: folders.filter((path) => path.startsWith('database/') && belongs(path)).sort(),
      files: [],
    };
    const archive = pack();
    const written = pipeline(
      archive,
      createWriteStream(part, { mode: 0o600 }),
      ...(signal ? [{ signal }] : []),
    );
    const adding = (async () => {
      for (const [done, path] of paths.entries()) {
        signal?.throwIfAborted();
        onFile?.(done, paths.length, path);
        manifest.files.push(await addFile(archive, folder, path));
      }
      archive.entry({ name: manifestName }, JSON.stringify(manifest));
      archive.finalize();
    })();
    await Promise.all([written, adding.catch((error: Error) => void archive.destroy(error))]);
    await flushFile(part);
    await rename(part, out);
    return manifest;
  } catch (cause) {
    await rm(part, { force: true });
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== undefined && ['ENOENT', 'EACCES', 'ENOSPC', 'EISDIR', 'EROFS'].includes(code)) {
      throw errors.OUTPUT_UNWRITABLE(out, code);
    }
    throw cause;
  } finally {
    await release();
  }
}

async function addFile(
  archive: Pack,
  folder: string,
  path: string,
): Promise<BackupManifest['files'][number]> {
  const full = join(folder, path);
  const { size, mode } = await stat(full);
  const hash = createHash('sha256');
  const entry = archive.entry({ name: path, size, mode: mode & 0o700 });
  await pipeline(
    createReadStream(full),
    async function* (source) {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        hash.update(chunk);
        yield chunk;
      }
    },
    entry,
  );
  return { path, bytes: size, sha256: hash.digest('hex') };
}

async function everythingBelow(folder: string, below = ''): Promise<{ files: string[]; folders: string[] }> {
  const found = { files: [] as string[], folders: [] as string[] };
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isFile()) found.files.push(path);
    if (!entry.isDirectory()) continue;
    found.folders.push(path);
    const inside = await everythingBelow(folder, path);
    found.files.push(...inside.files);
    found.folders.push(...inside.folders);
  }
  return found;
}
