/** The server's API for the pages: `mesoscope/client`, with errors that can be shown as they are. */
import { z } from 'zod';
import {
  type ClipQuery,
  MesoscopeClient,
  ProblemError,
  problemSchema,
  type RescanRequest,
  type UrlRequest,
  type WorkQuery,
} from '../../src/server/client.ts';

/** What a page shows where a request failed: the fact, and what can be done. */
export class RequestError extends Error {
  readonly code: string;
  readonly next: string;

  constructor(title: string, next: string, code: string) {
    super(title);
    this.name = 'RequestError';
    this.code = code;
    this.next = next;
  }
}

/** Whatever was thrown, in words. */
export function asRequestError(thrown: unknown): RequestError {
  if (thrown instanceof RequestError) return thrown;
  if (thrown instanceof ProblemError) {
    const { title, next, code } = thrown.problem;
    return new RequestError(title, next, code);
  }
  if (thrown instanceof z.ZodError) {
    const [{ path, message }] = thrown.issues;
    return new RequestError(
      `The server's answer is not understood (${path.join('.')}: ${message}).`,
      'Load the page again: it may be older than the server.',
      'ANSWER_INVALID',
    );
  }
  // What `fetch` throws where there is no answer.
  if (thrown instanceof TypeError) {
    return new RequestError(
      'The server cannot be reached.',
      'Check that `mesoscope serve` is running; the page tries again by itself.',
      'OFFLINE',
    );
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new RequestError(`The page failed: ${text}`, 'This is a bug: please report it.', 'INTERNAL');
}

/** An answer's problem document, or the nearest to one where something between here and the server answered. */
export function problemOf(status: number, body: string): RequestError {
  try {
    const { title, next, code } = problemSchema.parse(JSON.parse(body));
    return new RequestError(title, next, code);
  } catch {
    return new RequestError(`The server answered ${status}.`, 'Try again, or look at its log.', 'UNKNOWN');
  }
}

const client = new MesoscopeClient();

async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw asRequestError(thrown);
  }
}

export const server = {
  about: () => told(client.about()),
  signIn: (token: string) => told(client.signIn(token)),
  clips: (query: ClipQuery) => told(client.list(query)),
  clip: (id: string) => told(client.get(id)),
  cancel: (id: string) => told(client.cancel(id)),
  remove: (id: string) => told(client.delete(id)),
  rescan: (id: string, options: RescanRequest) => told(client.rescan(id, options)),
  scanUrl: (request: UrlRequest) => told(client.fromUrl(request)),
  detectors: () => told(client.detectors()),
  detector: (name: string) => told(client.detector(name)),
  runs: () => told(client.runs()),
  work: (query: WorkQuery) => told(client.work(query)),
  cancelTask: (id: string) => told(client.cancelTask(id)),
};
