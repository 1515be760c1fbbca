/** A clip by its content. */
import { stat } from 'node:fs/promises';
import { errors } from '../base/errors.ts';
import { sha256OfFile } from '../base/hash.ts';
import { findMedia } from '../media/find.ts';

/**
 * The file at the path, or one in the folder, that has this hash; names say nothing.
 * @param bytes its size: files of another are not read
 * @throws REPLAY_CLIP
 */
export async function findClip(path: string, hash: string, bytes: number | null): Promise<string> {
  const candidates = (await isFile(path)) ? [path] : findMedia([path], { onProblem: () => undefined });
  for await (const candidate of candidates) {
    const found = await stat(candidate).catch(() => undefined);
    if (!found?.isFile() || (bytes !== null && found.size !== bytes)) continue;
    if ((await sha256OfFile(candidate)) === hash) return candidate;
  }
  throw errors.REPLAY_CLIP(path, hash);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
