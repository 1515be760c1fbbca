/** Files to the network, whole or one range of them. */
import { Readable } from 'node:stream';

export interface SendOptions {
  type: string;
  range: string | undefined;
  ifRange: string | undefined;
  head: boolean;
  /** Entity tag: the file under one address never changes. */
  tag: string;
  /** For a download's file name. */
  name: string;
}

/** @param file its size in bytes, and what gives the bytes `first` to `last`, both included */
export function fileResponse(
  { size, stream }: { size: number; stream: (first: number, last: number) => Readable },
  options: SendOptions,
): Response {
  const headers = new Headers({
    'content-type': options.type,
    'accept-ranges': 'bytes',
    etag: options.tag,
    // Nobody between may keep what people upload.
    'cache-control': 'private, no-cache',
    'content-disposition': `inline; filename*=UTF-8''${encodeName(options.name)}`,
  });
  const fresh = options.ifRange === undefined || options.ifRange === options.tag;
  const range = fresh ? parseRange(options.range, size) : undefined;
  if (range === 'outside') {
    headers.set('content-range', `bytes */${size}`);
    return new Response(null, { status: 416, headers });
  }
  const [first, last] = range ?? [0, size - 1];
  headers.set('content-length', String(last - first + 1));
  if (range) headers.set('content-range', `bytes ${first}-${last}/${size}`);
  const status = range ? 206 : 200;
  if (options.head || size === 0) return new Response(null, { status, headers });
  return new Response(Readable.toWeb(stream(first, last)) as ReadableStream<Uint8Array>, { status, headers });
}

/** One range (RFC 9110, 14.1.2); several, or what cannot be read, is the whole file. */
export function parseRange(
  header: string | undefined,
  size: number,
): [first: number, last: number] | 'outside' | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header?.replaceAll(' ', '') ?? '') ?? [];
  if (from === undefined || (from === '' && to === '')) return undefined;
  if (from === '') {
    const length = Math.min(size, Number(to));
    return length === 0 ? 'outside' : [size - length, size - 1];
  }
  const [first, last] = [Number(from), to === '' ? size - 1 : Math.min(size - 1, Number(to))];
  if (to !== '' && Number(to) < first) return undefined;
  return first >= size ? 'outside' : [first, last];
}

function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
}
