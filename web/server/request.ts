/** The server's API as functions. Every answer is checked against the schemas of the wire before a page sees it. */
import type { z } from 'zod';
import {
  aboutSchema,
  type ClipQuery,
  clipListSchema,
  clipSchema,
  clipSummarySchema,
  detectorListSchema,
  detectorSchema,
  problemSchema,
  type RescanRequest,
  runListSchema,
  type UrlRequest,
} from '../../src/server/api.ts';

/** What a page shows where a request failed: the fact, and what can be done. */
export class RequestError extends Error {
  readonly code: string;
  readonly next: string;
  readonly status: number;

  constructor(title: string, next: string, code: string, status: number) {
    super(title);
    this.name = 'RequestError';
    this.code = code;
    this.next = next;
    this.status = status;
  }
}

/** An answer's problem document, or the nearest to one where something between here and the server answered. */
export function problemOf(status: number, body: string): RequestError {
  try {
    const { title, next, code } = problemSchema.parse(JSON.parse(body));
    return new RequestError(title, next, code, status);
  } catch {
    return new RequestError(
      `The server answered ${status}.`,
      'Try again, or look at its log.',
      'UNKNOWN',
      status,
    );
  }
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (thrown) {
    if (init.signal?.aborted) throw thrown;
    throw new RequestError(
      'The server cannot be reached.',
      'Check that `mesoscope serve` is running; the page tries again by itself.',
      'OFFLINE',
      0,
    );
  }
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response;
}

async function ask<S extends z.ZodType>(
  schema: S,
  path: string,
  init: RequestInit = {},
): Promise<z.output<S>> {
  const response = await send(path, init);
  const checked = schema.safeParse(await response.json());
  if (checked.success) return checked.data;
  const where = checked.error.issues[0];
  throw new RequestError(
    `The server's answer is not understood (${where.path.join('.')}: ${where.message}).`,
    'Load the page again: it may be older than the server.',
    'ANSWER_INVALID',
    response.status,
  );
}

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const clipPath = (id: string) => `/api/clips/${encodeURIComponent(id)}`;

type Abort = { signal?: AbortSignal };

export const server = {
  about: (init?: Abort) => ask(aboutSchema, '/api/about', init),
  signIn: (token: string) => send('/api/session', json({ token })),
  signOut: () => send('/api/session', { method: 'DELETE' }),
  clips: (query: ClipQuery, init?: Abort) => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    return ask(
      clipListSchema,
      `/api/clips?${new URLSearchParams(given.map(([k, v]) => [k, String(v)]))}`,
      init,
    );
  },
  clip: (id: string, init?: Abort) => ask(clipSchema, clipPath(id), init),
  cancel: (id: string) => ask(clipSummarySchema, `${clipPath(id)}/cancel`, { method: 'POST' }),
  remove: (id: string) => send(clipPath(id), { method: 'DELETE' }),
  rescan: (id: string, options: RescanRequest) =>
    ask(clipSummarySchema, `${clipPath(id)}/rescan`, json(options)),
  scanUrl: (request: UrlRequest) => ask(clipSummarySchema, '/api/clips/url', json(request)),
  detectors: (init?: Abort) => ask(detectorListSchema, '/api/detectors', init),
  detector: (name: string, init?: Abort) =>
    ask(detectorSchema, `/api/detectors/${encodeURIComponent(name)}`, init),
  runs: (init?: Abort) => ask(runListSchema, '/api/runs', init),
};
