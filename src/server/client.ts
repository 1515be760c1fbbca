/**
 * `mesoscope/client`: the HTTP API as functions, for Node 20 and browsers. Every answer is checked against the wire
 * types; a refusal is a {@link ProblemError} with the server's code.
 *
 * @example
 * const client = new MesoscopeClient({ baseUrl: 'http://127.0.0.1:7878' });
 * const { id } = await client.upload(await openAsBlob('clip.mp4'), { name: 'clip.mp4' });
 * const clip = await client.finished(id);
 * console.log(clip.verdict, clip.score, clip.error?.code);
 */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';
import {
  type About,
  aboutSchema,
  type Clip,
  type ClipList,
  type ClipQuery,
  type ClipSummary,
  clipEventName,
  clipHeader,
  clipListSchema,
  clipSchema,
  clipSummarySchema,
  type Detector,
  type DetectorSummary,
  detectorListSchema,
  detectorSchema,
  finalStatuses,
  goneEventName,
  type Problem,
  problemSchema,
  type RescanRequest,
  type RunList,
  runListSchema,
  type ScanOptions,
  senderHeader,
  type UrlRequest,
  type Work,
  type WorkQuery,
  workSchema,
} from './api.ts';

export * from './api.ts';

export interface ClientOptions {
  /** Where the server is; the page's own origin where left out. */
  baseUrl?: string;
  /** Sent as a header. Pages that signed in by `signIn` need none. */
  token?: string;
  /** Who sends: clips of different senders take turns. The address where left out. */
  sender?: string;
  fetch?: typeof fetch;
}

export interface UploadOptions {
  name?: string;
  detector?: string;
  sample?: string;
  priority?: ScanOptions['priority'];
  signal?: AbortSignal;
}

export interface ResumableOptions extends UploadOptions {
  /** Bytes sent at once; 8 MiB where left out. */
  chunkBytes?: number;
  /** Address of an upload begun before, as given to `onLocation`. */
  resume?: string;
  /** Told where the upload is, so that it can be resumed by another page or process. */
  onLocation?: (location: string) => void;
  onProgress?: (sent: number, total: number) => void;
  /** How often a broken connection is tried again in a row; 8 where left out. */
  retries?: number;
}

/** What the server refused, and why. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.title} ${problem.next}`.trim());
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

const tus = { 'Tus-Resumable': '1.0.0' };
const longestPause = 10_000;

export class MesoscopeClient {
  readonly baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #fetch: typeof fetch;

  constructor({ baseUrl = '', token, sender, fetch: own = globalThis.fetch }: ClientOptions = {}) {
    this.baseUrl = baseUrl.replace(/\/$/, '');
    this.#headers = {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(sender === undefined ? {} : { [senderHeader]: sender }),
    };
    this.#fetch = own.bind(globalThis);
  }

  about(): Promise<About> {
    return this.#json('GET', '/api/about', aboutSchema);
  }

  /** Trades the token for a cookie: pictures, players and event streams of a page cannot send headers. */
  async signIn(token: string): Promise<void> {
    await this.#send('POST', '/api/session', { json: { token } });
  }

  async signOut(): Promise<void> {
    await this.#send('DELETE', '/api/session');
  }

  /** Sends a file whole. For large ones see {@link uploadResumable}. */
  async upload(file: Blob | Uint8Array<ArrayBuffer>, options: UploadOptions = {}): Promise<ClipSummary> {
    const { signal, ...query } = options;
    const path = `/api/clips${queryOf({ ...query, name: query.name ?? nameOf(file) })}`;
    const headers = { 'Content-Type': 'application/octet-stream' };
    const answer = await this.#send('POST', path, { body: file, headers, signal });
    return clipSummarySchema.parse(await answer.json());
  }

  /** Sends a file in pieces, and goes on where it was after a broken connection. */
  async uploadResumable(file: Blob, options: ResumableOptions = {}): Promise<ClipSummary> {
    const { chunkBytes = 8 * 2 ** 20, retries = 8, signal, onProgress } = options;
    const location = options.resume ?? (await this.#beginUpload(file, options));
    options.onLocation?.(location);
    let [failures, offset] = [0, options.resume === undefined ? 0 : -1];
    let clip: string | null = null;
    for (;;) {
      try {
        if (offset < 0) {
          const state = await this.#send('HEAD', location, { headers: tus, signal });
          offset = Number(state.headers.get('Upload-Offset'));
          clip = state.headers.get(clipHeader);
        }
        if (clip !== null) return await this.get(clip);
        const answer = await this.#send('PATCH', location, {
          body: file.slice(offset, offset + chunkBytes),
          headers: {
            ...tus,
            'Content-Type': 'application/offset+octet-stream',
            'Upload-Offset': `${offset}`,
          },
          signal,
        });
        offset = Number(answer.headers.get('Upload-Offset'));
        clip = answer.headers.get(clipHeader);
        failures = 0;
        onProgress?.(offset, file.size);
      } catch (error) {
        const lasting = error instanceof ProblemError && ![409, 423, 429, 500, 503].includes(error.status);
        if (signal?.aborted || lasting || ++failures > retries) throw error;
        await pause(Math.min(longestPause, 250 * 2 ** failures), signal);
        if (clip === null) offset = -1;
      }
    }
  }

  async #beginUpload(
    file: Blob,
    { name, detector, sample, priority, signal }: ResumableOptions,
  ): Promise<string> {
    const metadata = Object.entries({ filename: name ?? nameOf(file), detector, sample, priority })
      .filter((entry): entry is [string, string] => entry[1] !== undefined)
      .map(([key, value]) => `${key} ${base64(value)}`);
    const headers = { ...tus, 'Upload-Length': `${file.size}`, 'Upload-Metadata': metadata.join(',') };
    const begun = await this.#send('POST', '/api/uploads', { headers, signal });
    const location = begun.headers.get('Location');
    if (location === null) throw new Error('the server gave no address for the upload');
    return location;
  }

  fromUrl(request: UrlRequest): Promise<ClipSummary> {
    return this.#json('POST', '/api/clips/url', clipSummarySchema, request);
  }

  list(query: ClipQuery = {}): Promise<ClipList> {
    return this.#json('GET', `/api/clips${queryOf(query)}`, clipListSchema);
  }

  get(id: string): Promise<Clip> {
    return this.#json('GET', `/api/clips/${id}`, clipSchema);
  }

  cancel(id: string): Promise<ClipSummary> {
    return this.#json('POST', `/api/clips/${id}/cancel`, clipSummarySchema);
  }

  async delete(id: string): Promise<void> {
    await this.#send('DELETE', `/api/clips/${id}`);
  }

  rescan(id: string, request: RescanRequest = {}): Promise<ClipSummary> {
    return this.#json('POST', `/api/clips/${id}/rescan`, clipSummarySchema, request);
  }

  async detectors(): Promise<DetectorSummary[]> {
    return (await this.#json('GET', '/api/detectors', detectorListSchema)).detectors;
  }

  detector(name: string): Promise<Detector> {
    return this.#json('GET', `/api/detectors/${encodeURIComponent(name)}`, detectorSchema);
  }

  runs(): Promise<RunList> {
    return this.#json('GET', '/api/runs', runListSchema);
  }

  work(query: WorkQuery = {}): Promise<Work> {
    return this.#json('GET', `/api/work${queryOf(query)}`, workSchema);
  }

  /** Ends a task that waits or runs. */
  async cancelTask(id: string): Promise<void> {
    await this.#send('POST', `/api/tasks/${id}/cancel`);
  }

  /** Bytes of any address in a document: a crop, a map, the report, the evidence bundle, the file. */
  async bytes(path: string, signal?: AbortSignal): Promise<Blob> {
    return (await this.#send('GET', path, { signal })).blob();
  }

  /**
   * States of a clip, from now to its last, over broken connections. Ends early where the clip is deleted.
   * @throws ProblemError
   */
  async *states(id: string, signal?: AbortSignal): AsyncGenerator<ClipSummary> {
    let [last, failures] = ['', 0];
    while (!signal?.aborted) {
      try {
        const headers: Record<string, string> = last === '' ? {} : { 'Last-Event-ID': last };
        const answer = await this.#send('GET', `/api/clips/${id}/events`, { headers, signal });
        if (answer.status === 204 || answer.body === null) return;
        const text = answer.body.pipeThrough(new TextDecoderStream() as never) as ReadableStream<string>;
        for await (const event of readAll(text.pipeThrough(new EventSourceParserStream()))) {
          if (event.event === goneEventName) return;
          if (event.event !== clipEventName) continue;
          [last, failures] = [event.id ?? last, 0];
          const state = clipSummarySchema.parse(JSON.parse(event.data));
          yield state;
          if (finalStatuses.includes(state.status)) return;
        }
      } catch (error) {
        if (signal?.aborted) return;
        const lasting = error instanceof z.ZodError || (error instanceof ProblemError && error.status < 500);
        if (lasting || ++failures > 8) throw error;
      }
      await pause(Math.min(longestPause, 250 * 2 ** failures), signal).catch(() => undefined);
    }
  }

  /** Waits for a clip's end, whichever it is. */
  async finished(id: string, signal?: AbortSignal): Promise<Clip> {
    for await (const _ of this.states(id, signal));
    signal?.throwIfAborted();
    return this.get(id);
  }

  async #json<T extends z.ZodType>(
    method: string,
    path: string,
    schema: T,
    json?: unknown,
  ): Promise<z.output<T>> {
    const answer = await this.#send(method, path, json === undefined ? {} : { json });
    return schema.parse(await answer.json());
  }

  async #send(
    method: string,
    path: string,
    {
      json,
      body,
      headers,
      signal,
    }: {
      json?: unknown;
      body?: Blob | Uint8Array<ArrayBuffer>;
      headers?: Record<string, string>;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<Response> {
    const answer = await this.#fetch(path.startsWith('/') ? `${this.baseUrl}${path}` : path, {
      method,
      headers: {
        ...this.#headers,
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      credentials: 'same-origin',
      ...(json !== undefined ? { body: JSON.stringify(json) } : body ? { body } : {}),
      ...(signal ? { signal } : {}),
    });
    if (!answer.ok) throw await problemOf(answer, method, path);
    return answer;
  }
}

async function problemOf(answer: Response, method: string, path: string): Promise<ProblemError> {
  const parsed = problemSchema.safeParse(await answer.json().catch(() => undefined));
  if (parsed.success) return new ProblemError(parsed.data);
  // A proxy's answer, or one to HEAD, which has no body.
  const title = `${method} ${path} was answered ${answer.status}.`;
  return new ProblemError({ type: 'about:blank', title, status: answer.status, code: 'UNKNOWN', next: '' });
}

/** Not all browsers let a stream be iterated. */
async function* readAll<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function queryOf(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

function nameOf(file: Blob | Uint8Array): string {
  return 'name' in file && typeof file.name === 'string' && file.name !== '' ? file.name : 'clip';
}

/** Of the text's UTF-8. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
