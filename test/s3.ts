/**
 * A server that speaks the part of S3 that we use, and checks signatures (AWS Signature Version 4, written from its
 * specification and not from our library): single and multipart uploads, ranges, version 2 lists, deletions. In memory.
 * It can be told to fail, and counts what it sends.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestBucket {
  /** For `AWS_ENDPOINT_URL_S3`. */
  endpoint: string;
  environment: Record<string, string>;
  objects: Map<string, Buffer>;
  /** When those were written that came by the protocol; others are old. */
  changed: Map<string, Date>;
  /** Every answered request: method, key, and the bytes that it was sent. */
  requests: { method: string; key: string; bytes: number; range: string | undefined }[];
  /** The next so many requests are cut off. */
  cut(requests: number): void;
  close(): Promise<void>;
}

const keys = { id: 'AKTEST', secret: 'secret/of+tests' };
export const bucketName = 'clips';

export async function startBucket(): Promise<TestBucket> {
  const objects = new Map<string, Buffer>();
  const changed = new Map<string, Date>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const requests: TestBucket['requests'] = [];
  let cutting = 0;
  const server = createServer(async (request, response) => {
    if (cutting > 0) {
      cutting--;
      return void request.socket.destroy();
    }
    const body = await readBody(request);
    const answer = handle(request, body, { objects, uploads, changed });
    const url = new URL(request.url ?? '/', 'http://x');
    const { range } = request.headers;
    const key = keyOf(url);
    requests.push({ method: request.method ?? '', key, bytes: answer.body.length, range });
    send(response, answer, request.method === 'HEAD');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    environment: {
      AWS_ACCESS_KEY_ID: keys.id,
      AWS_SECRET_ACCESS_KEY: keys.secret,
      AWS_REGION: 'eu-test-1',
      AWS_ENDPOINT_URL_S3: endpoint,
    },
    objects,
    changed,
    requests,
    cut: (count) => {
      cutting = count;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Kept {
  objects: Map<string, Buffer>;
  uploads: Map<string, Map<number, Buffer>>;
  changed: Map<string, Date>;
}

/** Of objects that a test laid there itself. */
const longAgo = new Date('2026-01-01');

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: Buffer;
}

const xml = (status: number, text: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`),
});
const refusal = (status: number, code: string) =>
  xml(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);

const keyOf = (url: URL) => decodeURIComponent(url.pathname).replace(`/${bucketName}/`, '');
const etag = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

function handle(request: IncomingMessage, body: Buffer, { objects, uploads, changed }: Kept): Answer {
  const problem = wrongSignature(request, body);
  if (problem) return refusal(403, problem);
  const url = new URL(request.url ?? '/', 'http://x');
  const { searchParams: query } = url;
  if (!decodeURIComponent(url.pathname).startsWith(`/${bucketName}`)) return refusal(404, 'NoSuchBucket');
  const key = keyOf(url);
  const uploadId = query.get('uploadId');
  switch (request.method) {
    case 'POST': {
      if (query.has('uploads')) {
        const id = `upload-${uploads.size + 1}`;
        uploads.set(id, new Map());
        return xml(
          200,
          `<InitiateMultipartUploadResult><Bucket>${bucketName}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        );
      }
      const parts = uploads.get(uploadId ?? '');
      if (!parts) return refusal(404, 'NoSuchUpload');
      const whole = Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
      objects.set(key, whole);
      changed.set(key, new Date());
      return xml(
        200,
        `<CompleteMultipartUploadResult><Location>x</Location><Bucket>${bucketName}</Bucket><Key>${key}</Key><ETag>${etag(whole).replaceAll('"', '&quot;')}</ETag></CompleteMultipartUploadResult>`,
      );
    }
    case 'PUT':
      if (uploadId) uploads.get(uploadId)?.set(Number(query.get('partNumber')), body);
      else {
        objects.set(key, body);
        changed.set(key, new Date());
      }
      return { status: 200, headers: { etag: etag(body) }, body: Buffer.alloc(0) };
    case 'DELETE':
      objects.delete(key);
      return { status: 204, body: Buffer.alloc(0) };
    default:
      if (query.has('list-type')) return list({ objects, changed }, query);
      return get(objects.get(key), request.headers.range);
  }
}

function get(bytes: Buffer | undefined, range: string | undefined): Answer {
  if (!bytes) return refusal(404, 'NoSuchKey');
  const headers = { etag: etag(bytes), 'accept-ranges': 'bytes' };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return { status: 200, headers, body: bytes };
  const [first, last] = [Number(from), Math.min(to ? Number(to) : bytes.length, bytes.length - 1)];
  if (first >= bytes.length) return refusal(416, 'InvalidRange');
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${first}-${last}/${bytes.length}` },
    body: bytes.subarray(first, last + 1),
  };
}

function list({ objects, changed }: Pick<Kept, 'objects' | 'changed'>, query: URLSearchParams): Answer {
  const most = Number(query.get('max-keys') ?? 1000);
  const after = query.get('continuation-token') ?? '';
  const all = [...objects.keys()]
    .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
    .sort();
  const page = all.slice(0, most);
  const contents = page.map((key) => {
    const bytes = objects.get(key) as Buffer;
    return `<Contents><Key>${key}</Key><LastModified>${(changed.get(key) ?? longAgo).toISOString()}</LastModified><ETag>${etag(bytes).replaceAll('"', '&quot;')}</ETag><Size>${bytes.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  });
  const more = all.length > page.length;
  return xml(
    200,
    `<ListBucketResult><Name>${bucketName}</Name><KeyCount>${page.length}</KeyCount><MaxKeys>${most}</MaxKeys><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''}${contents.join('')}</ListBucketResult>`,
  );
}

/** The code of the refusal; undefined where the signature is right. */
function wrongSignature(request: IncomingMessage, body: Buffer): string | undefined {
  const url = new URL(request.url ?? '/', 'http://x');
  const [, id, date, region, signed, given] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    ) ?? [];
  if (given === undefined) return 'AccessDenied';
  if (id !== keys.id) return 'InvalidAccessKeyId';
  const hash = String(request.headers['x-amz-content-sha256']);
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== createHash('sha256').update(body).digest('hex')) {
    return 'XAmzContentSHA256Mismatch';
  }
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const names = (signed as string).split(';');
  const canonical = [
    request.method,
    url.pathname,
    query,
    ...names.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signed,
    hash,
  ].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const text = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'],
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const sign = (key: string | Buffer, value: string) => createHmac('sha256', key).update(value).digest();
  const key = [region as string, 's3', 'aws4_request'].reduce<Buffer>(
    sign,
    sign(`AWS4${keys.secret}`, date as string),
  );
  const right = timingSafeEqual(sign(key, text), Buffer.from(given, 'hex'));
  return right ? undefined : 'SignatureDoesNotMatch';
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers = {}, body }: Answer, head: boolean): void {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) });
  response.end(head ? undefined : body);
}
