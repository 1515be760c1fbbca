/** What an analysis left, sent. */
import { errors } from '../../base/errors.ts';
import { clipRow } from '../documents.ts';
import type { Services } from '../services.ts';

/** Bytes of a file of the clip's last attempt; undefined where it has none. */
export function readArtefact(
  { storage }: Pick<Services, 'storage'>,
  { id, attempts }: { id: string; attempts: number },
  file: string,
): Promise<Buffer | undefined> {
  return storage.artefact(id, attempts, file);
}

/** @throws CLIP_UNKNOWN, CLIP_NOT_DONE, PICTURE_UNKNOWN */
export async function pictureResponse(
  services: Pick<Services, 'database' | 'storage'>,
  id: string | undefined,
  file: string,
  type: string,
): Promise<Response> {
  const row = await clipRow(services.database, id);
  if (row.status !== 'done' && row.status !== 'failed') throw errors.CLIP_NOT_DONE(row.id, row.status);
  const bytes = await readArtefact(services, row, file);
  if (!bytes) throw errors.PICTURE_UNKNOWN(row.id, file);
  return new Response(new Uint8Array(bytes), {
    headers: { 'content-type': type, 'cache-control': 'private, max-age=3600, immutable' },
  });
}

/** @throws CLIP_UNKNOWN, CLIP_NOT_DONE */
export async function textResponse(
  services: Pick<Services, 'database' | 'storage'>,
  id: string | undefined,
  file: string,
  headers: Record<string, string>,
): Promise<Response> {
  const row = await clipRow(services.database, id);
  const bytes = await readArtefact(services, row, file);
  if (!bytes || (row.status !== 'done' && row.status !== 'failed')) {
    throw errors.CLIP_NOT_DONE(row.id, row.status);
  }
  return new Response(new Uint8Array(bytes), {
    headers: { 'cache-control': 'private, no-cache', ...headers },
  });
}
