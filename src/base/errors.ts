/**
 * Every error that a user can meet, in one list: the fact, the offending value, and the next step.
 *
 * Long because it is one list: whoever writes an error sees the others, and none is said twice.
 *
 * `code` is stable and machine readable (it goes into JSON results); the message may be reworded.
 * A bug in Mesoscope is a plain `Error`; whatever the user can cause or mend is a `UserError`.
 */
export class UserError extends Error {
  readonly code: ErrorCode;
  /** What is wrong, without the next step. */
  readonly fact: string;
  /** What the user can do about it. */
  readonly next: string;

  constructor(code: ErrorCode, fact: string, next: string, options?: ErrorOptions) {
    super(`${fact} ${next}`.trim(), options);
    this.name = 'UserError';
    this.code = code;
    this.fact = fact;
    this.next = next;
  }
}

/** Values from files may be of any length; a reader needs their beginning. */
const short = (value: string) => (value.length > 200 ? `${value.slice(0, 200)}…` : value);

type Make = (...args: never[]) => readonly [fact: string, next: string];

const list = {
  // Clips (media)
  CLIP_MISSING: (path: string) => [`No file at ${path}.`, 'Check the path.'],
  CLIP_UNREADABLE: (path: string, reason: string) => [
    `${path} cannot be read (${reason}).`,
    'Check its permissions.',
  ],
  CLIP_EMPTY: (path: string) => [`${path} is empty (0 bytes).`, 'Fetch the file again.'],
  CLIP_NOT_MEDIA: (path: string, reason: string) => [
    `${path} is not a video or picture that can be read (${reason}).`,
    'Convert it with ffmpeg, or leave it out.',
  ],
  CLIP_TRUNCATED: (path: string, reason: string) => [
    `${path} is cut off before its index (${reason}).`,
    'Fetch the file again; nothing in it can be decoded.',
  ],
  CLIP_NO_VIDEO: (path: string) => [`${path} has no video stream.`, 'Only pictures and videos are scanned.'],
  CLIP_NO_FRAMES: (path: string) => [
    `${path} holds no frame that decodes.`,
    'Fetch the file again, or convert it with ffmpeg.',
  ],
  CLIP_TOO_LARGE: (path: string, width: number, height: number, limit: number) => [
    `${path} is ${width}x${height}, more than the limit of ${limit} pixels.`,
    'Scale it down first.',
  ],
  CLIP_CODEC_UNKNOWN: (path: string, codec: string) => [
    `${path} uses the codec ${codec}, which cannot be decoded here.`,
    'Convert it to H.264 with ffmpeg.',
  ],
  CLIP_NOT_LOCAL: (path: string, what: string) => [
    `${path} uses ${what}, which this browser cannot decode.`,
    'Switch local analysis off, scan it with `mesoscope scan`, or convert it to H.264 in MP4.',
  ],
  FOLDER_WITHOUT_MEDIA: (path: string) => [
    `${path} holds no video or picture file.`,
    'Name a folder that does, or the files themselves.',
  ],
  SAMPLING_INVALID: (value: string) => [
    `Unknown sampling policy "${value}".`,
    'Use even:N, fps:N, every:N, range:START+COUNT or keyframes (data sets also: changes:N).',
  ],
  // Detectors and weights
  DETECTOR_MISSING: (path: string) => [
    `No detector at ${path}.`,
    'Name an .onnx file, or a detector that `mesoscope model list` names at its end.',
  ],
  DETECTOR_INVALID: (path: string, reason: string) => [
    `${path} is not a Mesoscope detector: ${reason}.`,
    'Make one with `mesoscope model import` or `mesoscope train`.',
  ],
  DETECTOR_DIFFERS: (path: string, output: string, expected: number, got: number) => [
    `${path} fails its golden vectors: output ${output} should be ${expected}, this machine computes ${got}.`,
    'The file is damaged or was changed: fetch it again.',
  ],
  DETECTOR_NOT_PINNED: (path: string, hash: string, list: string) => [
    `${path} has the hash ${hash}, which ${list} does not allow.`,
    'Use a detector that is allowed, or add the hash to the list once you trust the file.',
  ],
  DETECTOR_HASH_UNKNOWN: (hash: string) => [
    `No detector with the hash ${hash} comes with this version.`,
    'Name its file with --detector.',
  ],
  PINS_INVALID: (path: string, reason: string) => [
    `${path} cannot be read as a list of allowed detectors: ${reason}.`,
    'Each line is a SHA-256 hash and a name, as `sha256sum *.onnx` prints them.',
  ],
  WEIGHTS_INVALID: (path: string, reason: string) => [`${path} cannot be read as weights: ${reason}.`, ''],
  WEIGHTS_MISMATCH: (path: string, network: string, problems: string) => [
    `${path} does not fit the network ${network}: ${problems}.`,
    'Name the network that the file was trained with.',
  ],
  FACE_MODEL_MISSING: (name: string, reason: string) => [
    `The face model "${name}" cannot be read (${reason}).`,
    'Install again: the package @vladmandic/human carries it.',
  ],
  FACE_MODEL_UNSUPPORTED: (name: string, reason: string) => [
    `The face model "${name}" cannot be converted: ${reason}.`,
    'Install the version of @vladmandic/human that package-lock.json names.',
  ],
  NETWORK_UNKNOWN: (name: string, known: string) => [`Unknown network "${name}".`, `Known: ${known}.`],
  DETECTOR_NOT_FINITE: (name: string, value: number, frame: number) => [
    `The detector ${name} answered ${value} for frame ${frame}.`,
    'Fetch the detector again; if it stays, report it with the clip.',
  ],
  DEVICE_UNAVAILABLE: (device: string, available: string) => [
    `The device "${device}" is not available here.`,
    `This machine has: ${available}.`,
  ],
  // Analysis in the browser (web/local)
  LOCAL_UNSUPPORTED: (missing: string) => [
    `Local analysis needs ${missing}, which this page does not have.`,
    'Open the page by https or on localhost in a current browser, or switch local analysis off.',
  ],
  LOCAL_FILE_MISSING: (url: string, reason: string) => [
    `${url}, which local analysis needs, could not be loaded (${reason}).`,
    'Connect to the server once: what local analysis needs is then kept for use without it.',
  ],
  LOCAL_STOPPED: (reason: string) => [
    `The local analysis stopped (${reason}).`,
    'Close other pages and try again, or switch local analysis off: the clip may be too large for this browser.',
  ],
  // Data sets (data)
  MANIFEST_MISSING: (path: string) => [`No manifest at ${path}.`, 'Check the path of the data set.'],
  MANIFEST_INVALID: (path: string, line: number, column: string, value: string, reason: string) => [
    `${path}, line ${line}, column "${column}": ${JSON.stringify(short(value))} is refused (${reason}).`,
    'Mend or remove that line.',
  ],
  JOIN_NAMES: (name: string) => [
    `Two of the sets are called "${name}".`,
    'Rename the folder of one: items are told apart by the name of their set.',
  ],
  DATA_EMPTY: (path: string, reason: string) => [
    `${path} holds no usable item: ${reason}.`,
    'Check that its files lie beside it.',
  ],
  IMAGE_UNREADABLE: (path: string, reason: string) => [
    `${path} cannot be decoded as a picture (${reason}).`,
    'Fetch or write it again, or remove its line from the manifest.',
  ],
  IMAGES_EXHAUSTED: (label: string, tried: number, reason: string) => [
    `No readable ${label} picture is left to fill a batch (${tried} tried; the last: ${reason}).`,
    'Check the data folder.',
  ],
  BATCH_IMPOSSIBLE: (sampling: string, reason: string) => [
    `Batches cannot be drawn with "${sampling}" sampling: ${reason}.`,
    'Choose another batch size or sampling, or add data.',
  ],
  LAYOUT_INVALID: (path: string, layout: string, reason: string) => [
    `${path} does not have the layout ${layout}: ${reason}.`,
    'docs/datasets.md shows each layout.',
  ],
  LIST_INVALID: (path: string, reason: string) => [
    `${path} cannot be read as a list: ${reason}.`,
    'Mend it, or make it again.',
  ],
  BUILD_DIFFERS: (path: string, what: string) => [
    `${path} was begun with other options or from other files (${what}).`,
    'Continue it as it was begun, or name another folder with --out.',
  ],
  BUILD_BUSY: (path: string, pid: number) => [
    `${path} is being written by process ${pid}.`,
    'Wait for it, or name another folder with --out.',
  ],
  SHARD_INVALID: (path: string, reason: string) => [
    `The shard ${path} cannot be read: ${reason}.`,
    'Run `mesoscope dataset prepare` again with the same --out: it makes damaged shards anew.',
  ],
  // Training (train)
  RECIPE_UNREADABLE: (path: string, reason: string) => [
    `The recipe ${path} cannot be read: ${reason}.`,
    'Start from one in the folder recipes/.',
  ],
  RECIPE_INVALID: (at: string, reason: string) => [
    `The recipe is wrong at ${at || 'the top'}: ${reason}.`,
    'recipes/recipe.schema.json says what may stand there.',
  ],
  TRAINING_DIVERGED: (step: number, what: string, layer: string, checkpoint: string) => [
    `Training stopped at step ${step}: ${what}, first in ${layer}.`,
    `Lower the learning rate or clip the gradients; last good checkpoint: ${checkpoint}.`,
  ],
  RUN_MISSING: (path: string, reason: string) => [
    `${path} is no training run that can be resumed (${reason}).`,
    'Name the folder that `mesoscope train` wrote.',
  ],
  RUN_EXISTS: (path: string) => [
    `${path} already holds a run.`,
    'Continue it with --resume, or name another folder with --out.',
  ],
  RUN_FAILED: (path: string, reason: string) => [
    `The training run ${path} failed: ${reason}`,
    'Mend the cause; the same command trains it again and keeps what is done.',
  ],
  PROTOCOL_UNKNOWN: (id: string, known: string) => [`There is no protocol "${id}".`, `Known: ${known}.`],
  RUN_FINISHED: (path: string, steps: number) => [
    `The run ${path} is finished (${steps} steps).`,
    'Start another with more steps in its recipe.',
  ],
  CHECKPOINT_MISMATCH: (path: string, reason: string) => [
    `The checkpoint ${path} does not fit its recipe: ${reason}.`,
    'Resume with the recipe that the run was started with.',
  ],
  // Server: how it is started
  SERVER_NEEDS_TOKEN: (host: string) => [
    `The server would listen on ${host}, where other machines reach it, without a token.`,
    'Set MESOSCOPE_TOKEN (or --token), or listen on 127.0.0.1.',
  ],
  TOKEN_SHORT: (length: number, least: number) => [
    `The token has ${length} characters, fewer than ${least}: it could be guessed.`,
    'Make one with `openssl rand -hex 32`.',
  ],
  SERVER_ADDRESS: (host: string, port: number, reason: string) => [
    `The server cannot listen on ${host}, port ${port} (${reason}).`,
    'Name another with --host and --port.',
  ],
  TRACES_INVALID: (name: string, reason: string) => [
    `Traces cannot be sent as ${name} says: ${reason}.`,
    'Mend the variable, or unset OTEL_EXPORTER_OTLP_ENDPOINT (docs/operations.md).',
  ],
  METRICS_ADDRESS: (host: string, port: number, reason: string) => [
    `The worker cannot tell its metrics on ${host}, port ${port} (${reason}).`,
    'Name another with --metrics-host and --metrics-port.',
  ],
  SERVER_CONFIG_INVALID: (at: string, reason: string) => [
    `The server's configuration is wrong at ${at || 'the top'}: ${reason}.`,
    'docs/server.md lists what may stand there.',
  ],
  SANDBOX_UNAVAILABLE: (reason: string) => [
    `Analyses cannot be confined here: ${reason}.`,
    'Run the server on Linux 5.13 or later, or set job.sandbox to "auto" (docs/security.md).',
  ],
  SCAN_PROCESS_FAILED: (how: string) => [
    `The process that scans did not start (${how}).`,
    'Install Mesoscope anew. With --sandbox off it is started without confinement.',
  ],
  SCAN_STALLED: (path: string, seconds: number) => [
    `The scan of ${path} made no progress for ${seconds} s and was ended.`,
    'Convert the clip with ffmpeg and try again. The other clips are not affected.',
  ],
  DATA_FOLDER_BUSY: (path: string) => [
    `The data folder ${path} is in use by another Mesoscope server.`,
    'Stop that one, or name another folder with --data.',
  ],
  DATA_FOLDER_DIFFERS: (path: string) => [
    `The database belongs to another data folder than ${path}.`,
    'Name the folder that it was made with (--data), or another database.',
  ],
  DATA_FOLDER_MISSING: (path: string) => [
    `${path} is no data folder of \`mesoscope serve\`.`,
    'Name the folder that the server was given with --data.',
  ],
  DATA_FOLDER_FULL: (path: string) => [
    `${path} is not empty: a backup is restored into a folder of its own.`,
    'Name a folder that does not exist yet.',
  ],
  BACKUP_INVALID: (path: string, reason: string) => [
    `${path} cannot be restored: ${reason}.`,
    'Nothing was changed. Take another backup; one is whole when `mesoscope backup` has ended without an error.',
  ],
  DATABASE_UNREACHABLE: (where: string, reason: string) => [
    `The database ${where} cannot be used (${reason}).`,
    'Check --database and that the server runs.',
  ],
  STORE_INVALID: (name: string, reason: string) => [
    `The store ${name} cannot be used (${reason}).`,
    'Give a folder, or s3://BUCKET/PREFIX with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set (docs/workers.md).',
  ],
  STORE_UNREACHABLE: (name: string, reason: string) => [
    `The store ${name} did not answer (${reason}).`,
    'Check --store, AWS_ENDPOINT_URL_S3 and that it runs; what waits is tried again.',
  ],
  STORE_CHANGED: (name: string, key: string) => [
    `${key} in the store ${name} changed while it was read.`,
    'Nothing but Mesoscope may write there; send the clip again.',
  ],
  QUEUE_NEEDS_DATABASE: () => [
    'Many machines share a queue on a PostgreSQL server, and none was named.',
    'Set MESOSCOPE_DATABASE (or --database) to the address that `mesoscope serve` was given.',
  ],
  QUEUE_NEEDS_STORE: () => [
    'Many machines share clips in a store, and none was named.',
    'Set MESOSCOPE_STORE (or --store) to the store or the data folder of `mesoscope serve`.',
  ],
  DATABASE_NEWER: (found: number, known: number) => [
    `The database was made by a newer Mesoscope (migration ${found}, this one knows ${known}).`,
    'Use that version, or another data folder.',
  ],
  // Server: what is asked of it
  REQUEST_INVALID: (what: string) => [`The request is wrong: ${what}.`, '/api/docs shows what is expected.'],
  ROUTE_UNKNOWN: (method: string, path: string) => [
    `There is no ${method} ${path} here.`,
    '/api/docs lists the routes.',
  ],
  PAGES_NOT_BUILT: () => [
    'The pages are not built.',
    'Run `npm run build`; the API under /api works without.',
  ],
  CLIP_UNKNOWN: (id: string) => [`There is no clip ${id} here.`, 'It may have been deleted.'],
  CLIP_CANCELLED: (name: string) => [
    `The analysis of ${name} was cancelled on the server.`,
    'Send it again where that was a mistake.',
  ],
  CLIP_FILE_GONE: (id: string) => [
    `The file of the clip ${id} is not in the store.`,
    'It was removed by something else than Mesoscope: send it again.',
  ],
  CLIP_NOT_DONE: (id: string, status: string) => [
    `The clip ${id} has no such result: it is ${status}.`,
    'Wait for its end, or scan it again.',
  ],
  PICTURE_UNKNOWN: (id: string, n: string) => [
    `The clip ${id} has no picture ${n}.`,
    "The clip's document lists them.",
  ],
  DETECTOR_UNKNOWN: (name: string, known: string) => [
    `There is no detector "${name}" on this server.`,
    `It has: ${known}.`,
  ],
  RUNS_NOT_SERVED: () => ['This server serves no runs.', 'Start it with --runs FOLDER.'],
  SAMPLING_TOO_MANY: (policy: string, frames: number, limit: number) => [
    `The sampling policy ${policy} asks for ${frames} frames, more than the limit of ${limit}.`,
    'Ask for fewer.',
  ],
  TOKEN_WRONG: () => ['The token is missing or wrong.', 'Send `Authorization: Bearer TOKEN`, or sign in.'],
  ORIGIN_REFUSED: (origin: string) => [
    `A change asked for by ${origin} is refused: another site sent it.`,
    "Use the server's own pages, or send the token.",
  ],
  HOST_REFUSED: (host: string) => [
    `The host name ${JSON.stringify(host)} is not one that this server answers to.`,
    'Use localhost or 127.0.0.1, or allow the name with --allow-host.',
  ],
  RATE_LIMITED: (seconds: number) => [
    'Too many requests came from this address.',
    `Try again in ${seconds} seconds.`,
  ],
  DISK_FULL: (free: number, least: number) => [
    `The server's disk has ${free} MiB left, fewer than the ${least} MiB that it keeps free.`,
    'Delete clips, or free some space.',
  ],
  SERVER_STOPPING: () => ['The server is stopping.', 'Send the request again in a moment.'],
  // Server: uploads and addresses
  UPLOAD_UNKNOWN: (id: string) => [`There is no upload ${id} here.`, 'It may have expired: begin again.'],
  UPLOAD_OFFSET: (sent: number, expected: number) => [
    `The piece starts at byte ${sent}, the upload continues at ${expected}.`,
    'Ask for the offset with HEAD and go on from there.',
  ],
  UPLOAD_BUSY: (id: string) => [`The upload ${id} is being written by another request.`, 'Try again soon.'],
  UPLOAD_CHECKSUM: () => ['The piece arrived damaged: its checksum differs.', 'Send it again.'],
  UPLOAD_TOO_LARGE: (bytes: number, limit: number) => [
    `The file has ${bytes} bytes, more than the limit of ${limit}.`,
    'Cut or compress it first.',
  ],
  UPLOAD_INCOMPLETE: (got: number, expected: number | string) => [
    `The upload ended after ${got} bytes of ${expected}.`,
    'Send it again.',
  ],
  UPLOAD_EMPTY: () => ['The upload holds no bytes.', 'Send the file as the body of the request.'],
  URL_INVALID: (url: string, reason: string) => [
    `${url} is no address that can be fetched (${reason}).`,
    'Give an http or https address of a media file.',
  ],
  URL_REFUSED: (url: string, reason: string) => [
    `${url} is not fetched: ${reason}.`,
    'Only public addresses are; upload the file instead.',
  ],
  URL_FAILED: (url: string, reason: string) => [
    `${url} could not be fetched (${reason}).`,
    'Check the address, or upload the file instead.',
  ],
  // Server: analyses
  CLIP_TOO_LONG: (path: string, seconds: number, limit: number) => [
    `${path} lasts ${seconds} s, longer than the limit of ${limit} s.`,
    'Cut the part in question out of it.',
  ],
  ANALYSIS_MEMORY: (name: string, used: number, limit: number) => [
    `The analysis of ${name} took ${used} MiB of memory, more than the limit of ${limit}, and was ended.`,
    'Scale the clip down, or raise the limit.',
  ],
  ANALYSIS_TIME: (name: string, seconds: number) => [
    `The analysis of ${name} was ended after ${seconds} s, its time limit.`,
    'Cut or scale the clip down, or raise the limit.',
  ],
  ANALYSIS_CPU: (name: string, seconds: number) => [
    `The analysis of ${name} used ${seconds} s of processor time, its limit, and was ended.`,
    'Cut or scale the clip down, or raise the limit.',
  ],
  ANALYSIS_CRASHED: (name: string, how: string) => [
    `The analysis of ${name} broke down (${how}).`,
    'Convert the clip with ffmpeg and try again. The other clips are not affected.',
  ],
  ANALYSIS_OTHER_DETECTOR: (detector: string, wanted: string, found: string) => [
    `The detector ${detector} of this machine (${found.slice(0, 12)}) is not the one that was asked for (${wanted.slice(0, 12)}).`,
    'Install the same version of Mesoscope on all machines.',
  ],
  ANALYSIS_GIVEN_UP: (name: string, attempts: number) => [
    `The analysis of ${name} was begun ${attempts} times and the server went down each time.`,
    'Scan it again once the server is mended; the clip itself may be the cause.',
  ],
  // Pieces of long works that workers do (server/tasks)
  TASK_MEMORY: (name: string, used: number, limit: number) => [
    `${name} took ${used} MiB of memory on a worker, more than the limit of ${limit}, and was ended.`,
    'Raise memoryMiB or heapMiB of `prepare` or `train` in the configuration of the workers (docs/workers.md).',
  ],
  TASK_TIME: (name: string, seconds: number) => [
    `${name} was ended on a worker after ${seconds} s, its time limit.`,
    'Raise `seconds` of `prepare` or `train` in the configuration of the workers (docs/workers.md).',
  ],
  TASK_CPU: (name: string, seconds: number) => [
    `${name} used ${seconds} s of processor time on a worker, its limit, and was ended.`,
    'Raise `cpuSeconds` of `prepare` or `train` in the configuration of the workers (docs/workers.md).',
  ],
  TASK_CRASHED: (name: string, how: string) => [
    `${name} broke down on a worker (${how}).`,
    'Try it without --queue to see more; the others are not affected.',
  ],
  TASK_GIVEN_UP: (name: string, attempts: number) => [
    `${name} was begun ${attempts} times and its worker went down each time.`,
    'Look at the workers; the same command tries it again.',
  ],
  TASK_CANCELLED: (name: string) => [
    `${name} was cancelled on the server.`,
    'The same command sends it again, where that was a mistake.',
  ],
  TASK_UNKNOWN: (id: string) => [
    `There is no task ${id} here.`,
    'It may have been removed: it is kept for a while.',
  ],
  TASK_INVALID: (name: string, reason: string) => [
    `${name} is no task that this worker understands (${reason}).`,
    'Install the same version of Mesoscope on all machines.',
  ],
  TASK_OTHER_VERSION: (name: string, wanted: string, found: string) => [
    `${name} was sent by Mesoscope ${wanted}, this worker is ${found}.`,
    'Install the same version of Mesoscope on all machines.',
  ],
  TASK_FILE_GONE: (name: string, file: string) => [
    `The file ${file} of ${name} is not in the store.`,
    'It was removed by something else than Mesoscope: the same command sends it again.',
  ],
  TASK_RESULT_INVALID: (name: string, reason: string) => [
    `What a worker made of ${name} cannot be used (${reason}).`,
    'Give the same command again: it has that part made anew.',
  ],
  // Evidence bundles
  KEY_INVALID: (path: string, reason: string) => [
    `${path} cannot be used as a key (${reason}).`,
    'Ed25519 in PEM is wanted: `openssl genpkey -algorithm ed25519` makes one.',
  ],
  KEY_EXPOSED: (path: string, mode: number) => [
    `The private key ${path} can be read by others (mode ${mode.toString(8).padStart(4, '0')}).`,
    'Take their rights away (chmod 600); if others may have had it, make another.',
  ],
  BUNDLE_MISSING: (path: string) => [`No evidence bundle at ${path}.`, 'Check the path.'],
  REPLAY_IMPOSSIBLE: (path: string, reason: string) => [
    `The scan in ${path} cannot be repeated: ${reason}.`,
    'Everything else of the bundle can be checked without --replay.',
  ],
  REPLAY_CLIP: (path: string, hash: string) => [
    `${path} is not the clip of the bundle and holds no file that is (SHA-256 ${hash}).`,
    'Name the very file that was scanned, or a folder that holds it.',
  ],
  // Output
  LEDGER_INVALID: (path: string, line: number, reason: string) => [
    `${path}, line ${line}, is no result of an archive scan (${reason}).`,
    'Mend or remove that line: its clip is then scanned again.',
  ],
  OUTPUT_UNWRITABLE: (path: string, reason: string) => [
    `${path} cannot be written (${reason}).`,
    'Name another folder with --out, or free some space.',
  ],
  INTERNAL: (reason: string) => [
    `Mesoscope failed: ${reason}.`,
    'This is a bug: please report it with the clip. The other clips are not affected.',
  ],
  USAGE: (fact: string) => [fact, 'See `mesoscope --help`.'],
  INTERRUPTED: () => ['Interrupted.', 'Results finished before are whole.'],
} satisfies Record<string, Make>;

export type ErrorCode = keyof typeof list;

type Errors = { [C in ErrorCode]: (...args: Parameters<(typeof list)[C]>) => UserError };

/** `errors.CLIP_MISSING(path)` makes the error; throw what it returns. Add `cause` by assignment. */
export const errors = Object.fromEntries(
  Object.entries(list).map(([code, make]) => [
    code,
    (...args: never[]) => {
      const [fact, next] = (make as Make)(...args);
      return new UserError(code as ErrorCode, fact, next);
    },
  ]),
) as unknown as Errors;

export const errorCodes = Object.keys(list) as ErrorCode[];

/** One line that says what went wrong, whatever was thrown. */
export function describe(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n')[0].trim();
}
