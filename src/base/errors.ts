/**
 * Every error that a user can meet, in one list: the fact, the offending value, and the next step.
 *
 * `code` is stable and machine readable (it goes into JSON results); the message may be reworded.
 * A bug in Mesoscope is a plain `Error`; whatever the user can cause or mend is a `UserError`.
 */
export class UserError extends Error {
  readonly code: ErrorCode;
  /** What the user can do about it. */
  readonly next: string;

  constructor(code: ErrorCode, fact: string, next: string, options?: ErrorOptions) {
    super(`${fact} ${next}`.trim(), options);
    this.name = 'UserError';
    this.code = code;
    this.next = next;
  }
}

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
  // Data sets (data)
  MANIFEST_MISSING: (path: string) => [`No manifest at ${path}.`, 'Check the path of the data set.'],
  MANIFEST_INVALID: (path: string, line: number, column: string, value: string, reason: string) => [
    `${path}, line ${line}, column "${column}": ${JSON.stringify(value)} is refused (${reason}).`,
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
