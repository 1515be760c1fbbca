/** Words of the tus protocol (1.0.0, tus.io) that several routes speak. */
import { errors } from '../base/errors.ts';
import type { AppContext } from './route.ts';
import { checksumAlgorithms } from './storage/uploads.ts';

export const tusVersion = '1.0.0';
export const tusExtensions = 'creation,expiration,checksum,termination';

/** @throws REQUEST_INVALID where the client speaks another version. */
export function checkTus(c: AppContext): void {
  const version = c.req.header('tus-resumable');
  if (version !== tusVersion) throw errors.REQUEST_INVALID(`Tus-Resumable must be ${tusVersion}`);
}

export function tusResponse(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, {
    status,
    headers: { 'tus-resumable': tusVersion, 'cache-control': 'no-store', ...headers },
  });
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** @throws UPLOAD_UNKNOWN */
export function uploadId(c: AppContext): string {
  const id = c.req.param('id') ?? '';
  if (!uuid.test(id)) throw errors.UPLOAD_UNKNOWN(id.slice(0, 100));
  return id;
}

/** A whole number of a header. @throws REQUEST_INVALID */
export function countOf(c: AppContext, header: string): number {
  const text = c.req.header(header) ?? '';
  if (!/^\d{1,15}$/.test(text)) throw errors.REQUEST_INVALID(`${header} must be a whole number of bytes`);
  return Number(text);
}

/** `key base64,key base64`. @throws REQUEST_INVALID */
export function parseMetadata(header: string): Record<string, string> {
  const pairs = header
    .split(',')
    .map((pair) => pair.trim())
    .filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key, value = '', ...rest] = pair.split(' ');
      if (rest.length > 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
        throw errors.REQUEST_INVALID(`Upload-Metadata "${pair.slice(0, 60)}" is no \`key base64\``);
      }
      return [key, Buffer.from(value, 'base64').toString('utf8')];
    }),
  );
}

/** `sha256 base64`. @throws REQUEST_INVALID */
export function parseChecksum(header: string | undefined) {
  if (header === undefined) return undefined;
  const [algorithm, digest = ''] = header.split(' ');
  if (!checksumAlgorithms.includes(algorithm)) {
    throw errors.REQUEST_INVALID(`Upload-Checksum must use one of ${checksumAlgorithms.join(', ')}`);
  }
  return { algorithm, digest: Buffer.from(digest, 'base64') };
}
