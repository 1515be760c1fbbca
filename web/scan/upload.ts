/** Sends one file by the tus protocol: in pieces, going on where it stopped after a lost connection or a closed tab. */
import { type DetailedError, type HttpResponse, Upload } from 'tus-js-client';
import { clipHeader } from '../../src/server/api.ts';
import { problemOf, RequestError } from '../server/request.ts';

export interface UploadOptions {
  detector: string;
  sample: string;
  /** Most bytes of a piece. */
  chunkBytes: number;
  onSent: (bytes: number) => void;
  /** True while the connection is lost. */
  onLost: (lost: boolean) => void;
  signal: AbortSignal;
}

/** Pieces small enough that little is sent twice, large enough that their number costs nothing. */
const preferredChunk = 8 * 1024 * 1024;
/** Seconds between tries. After the last one the user is asked; progress starts the list again. */
const retrySeconds = [0, 1, 2, 4, 8, ...Array<number>(60).fill(10)];

/** The id of the clip that the file became. Rejects with a RequestError; after an abort, with the signal's reason. */
export async function uploadFile(file: File, options: UploadOptions): Promise<string> {
  const { signal } = options;
  let clip: string | undefined;
  let resolve!: (id: string) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<string>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const upload = new Upload(file, {
    endpoint: '/api/uploads',
    chunkSize: Math.min(options.chunkBytes, preferredChunk),
    metadata: { filename: file.name, detector: options.detector, sample: options.sample },
    retryDelays: retrySeconds.map((seconds) => seconds * 1000),
    removeFingerprintOnSuccess: true,
    // The same file scanned with other options is another upload.
    fingerprint: async () =>
      ['mesoscope', file.name, file.size, file.lastModified, options.detector, options.sample].join('|'),
    onShouldRetry: (error) => {
      const again = worthRetrying(error.originalResponse?.getStatus() ?? 0);
      options.onLost(again);
      return again;
    },
    onAfterResponse: (_, response) => {
      clip = response.getHeader(clipHeader) ?? clip;
    },
    onProgress: (sent) => {
      options.onSent(sent);
    },
    onChunkComplete: () => options.onLost(false),
    onError: (error) => reject(asError(error)),
    onSuccess: () => {
      options.onLost(false);
      if (clip !== undefined) resolve(clip);
      else
        reject(
          new RequestError(
            'The server took the file and named no clip.',
            'Look for it in the history.',
            'ANSWER_INVALID',
          ),
        );
    },
  });
  const abort = () => {
    // The server lets go of the part that it has.
    upload.abort(true).catch(() => undefined);
    reject(signal.reason);
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const [begun] = await upload.findPreviousUploads();
    if (begun) upload.resumeFromPreviousUpload(begun);
    upload.start();
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** No answer, a busy server, a lock held by the request that broke, or a gateway's error. */
function worthRetrying(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
}

function asError(thrown: Error | DetailedError): RequestError {
  const response: HttpResponse | null | undefined =
    'originalResponse' in thrown ? thrown.originalResponse : undefined;
  if (response) return problemOf(response.getStatus(), response.getBody());
  return new RequestError(
    'The connection was lost and did not come back.',
    'Try again: what was sent is kept.',
    'OFFLINE',
  );
}
