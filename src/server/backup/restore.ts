/** A backup back into a data folder: all of it, checked, or nothing. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { z } from 'zod';
import { describe, errors, UserError } from '../../base/errors.ts';
import { openEmbedded } from '../database/embedded.ts';
import { migrate } from '../database/migrate.ts';
import { type BackupManifest, belongs, manifestName, manifestSchema } from './manifest.ts';

/** Larger than the list of a million files is; what claims more is not ours. */
const mostManifestBytes = 512 * 2 ** 20;

export interface Restored {
  manifest: BackupManifest;
  /** Of the database, which this version has brought to its own shape; undefined where the backup has none. */
  clips: number | undefined;
  /** Steps by which the database was brought up to this version. */
  migrations: number[];
}

/**
 * Restores into a folder that is empty or does not exist. Everything is unpacked and checked beside it first; the
 * database is opened and brought to this version's shape before the folder gets its name.
 * @throws BACKUP_INVALID, DATA_FOLDER_FULL, DATABASE_NEWER, OUTPUT_UNWRITABLE
 */
export async function restoreBackup(
  archive: string,
  folder: string,
  signal?: AbortSignal,
): Promise<Restored> {
  const there = await readdir(folder).catch(() => undefined);
  if (there && there.length > 0) throw errors.DATA_FOLDER_FULL(folder);
  const staging = `${folder}.restoring`;
  await rm(staging, { recursive: true, force: true });
  try {
    await mkdir(staging, { recursive: true, mode: 0o700 });
    const manifest = await unpack(archive, staging, signal);
    for (const name of ['media', 'uploads', 'clips']) await mkdir(join(staging, name), { recursive: true });
    const state =
      manifest.database === 'embedded' ? await wake(archive, join(staging, 'database')) : undefined;
    if (there) await rmdir(folder);
    await rename(staging, folder);
    return { manifest, clips: state?.clips, migrations: state?.migrations ?? [] };
  } catch (cause) {
    await rm(staging, { recursive: true, force: true });
    if (cause instanceof UserError || signal?.aborted) throw cause;
    const { code, path } = cause as NodeJS.ErrnoException;
    if (code !== undefined && path !== archive) throw errors.OUTPUT_UNWRITABLE(folder, code);
    throw errors.BACKUP_INVALID(archive, describe(cause));
  }
}

async function unpack(
  archive: string,
  staging: string,
  signal: AbortSignal | undefined,
): Promise<BackupManifest> {
  const invalid = (why: string) => errors.BACKUP_INVALID(archive, why);
  const found = new Map<string, { bytes: number; sha256: string }>();
  let text: string | undefined;
  const entries = extract();
  const reading = pipeline(createReadStream(archive), entries, ...(signal ? [{ signal }] : []));
  // Told by the loop below, which sees it too.
  reading.catch(() => undefined);
  for await (const entry of entries) {
    const { name, type, size = 0 } = entry.header;
    if (text !== undefined) throw invalid('something follows its list of files');
    if (type !== 'file') throw invalid(`${JSON.stringify(name)} is no plain file`);
    if (name === manifestName) {
      if (size > mostManifestBytes) throw invalid('its list of files is too long');
      text = (await whole(entry)).toString('utf8');
      continue;
    }
    if (!belongs(name) || found.has(name))
      throw invalid(`${JSON.stringify(name)} has no place in a data folder`);
    const target = join(staging, name);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    let bytes = 0;
    await pipeline(
      entry,
      async function* (source) {
        for await (const chunk of source as AsyncIterable<Buffer>) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(target, { mode: 0o600 }),
    );
    found.set(name, { bytes, sha256: hash.digest('hex') });
  }
  await reading;
  if (text === undefined) throw invalid('it ends before its list of files');
  const manifest = parsed(text, invalid);
  for (const path of manifest.folders) {
    if (!belongs(path)) throw invalid(`${JSON.stringify(path)} has no place in a data folder`);
    await mkdir(join(staging, path), { recursive: true, mode: 0o700 });
  }
  const listed = new Set(manifest.files.map(({ path }) => path));
  const extra = [...found.keys()].find((name) => !listed.has(name));
  if (extra !== undefined) throw invalid(`${JSON.stringify(extra)} is not in its list`);
  for (const { path, bytes, sha256 } of manifest.files) {
    const file = found.get(path);
    if (!file) throw invalid(`${path} is missing`);
    if (file.bytes !== bytes || file.sha256 !== sha256) throw invalid(`${path} has changed since`);
  }
  return manifest;
}

async function whole(entry: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function parsed(text: string, invalid: (why: string) => Error): BackupManifest {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw invalid('its list of files is no JSON');
  }
  const manifest = manifestSchema.safeParse(raw);
  if (!manifest.success) throw invalid(z.prettifyError(manifest.error).split('\n')[0]);
  return manifest.data;
}

/** Opens the database once: what does not start is no backup, and an older one is brought up to date here. */
async function wake(archive: string, folder: string): Promise<{ clips: number; migrations: number[] }> {
  const database = await openEmbedded(folder).catch((cause) => {
    throw errors.BACKUP_INVALID(archive, `its database does not start (${describe(cause)})`);
  });
  try {
    const migrations = await migrate(database);
    const [{ clips }] = await database.query<{ clips: number }>(
      'select count(*)::int as clips from mesoscope.clip',
    );
    return { clips, migrations };
  } finally {
    await database.close();
  }
}
