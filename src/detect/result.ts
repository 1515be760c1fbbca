/** What a scan says of one clip: the JSON line on stdout, and the data of the report. Versioned by `schema`. */
import { z } from 'zod';
import { errorCodes } from '../base/errors.ts';
import { aggregationSchema } from './contract.ts';

export const resultSchemaName = 'mesoscope.result/1';

export const verdicts = [
  'manipulation_likely',
  'inconclusive',
  'no_manipulation_found',
  'not_assessable',
] as const;
export type Verdict = (typeof verdicts)[number];

const probability = z.number().min(0).max(1);
const interval = z.tuple([probability, probability]);
const seconds = z.number().nonnegative();

/** Pixels of the upright frame. */
const box = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });

const frame = z.strictObject({
  frameIndex: z.int().nonnegative(),
  timeSeconds: seconds,
  box,
  /** The calibrated score of this one face. */
  score: probability,
});

const track = z.strictObject({
  id: z.int().positive(),
  /** Tracks that share the number look like the same person seen again after a cut: a hint. */
  person: z.int().positive(),
  startSeconds: seconds,
  endSeconds: seconds,
  /** Faces that were scored. */
  faces: z.int().nonnegative(),
  score: probability.nullable(),
  /** 95 % block bootstrap over frames; null where there is no score. */
  interval: interval.nullable(),
  verdict: z.enum(verdicts),
  /** Why the verdict is not stronger, in words; empty where nothing stood in the way. */
  reasons: z.array(z.string()),
  /** Median width of the tight face box in pixels. */
  facePixels: z.number().nonnegative(),
  frames: z.array(frame),
  /** Stretches in which the face was seen and not scored, with the reason; absent where there is none. */
  unscored: z
    .array(
      z.strictObject({
        reason: z.string(),
        startSeconds: seconds,
        endSeconds: seconds,
        faces: z.int().positive(),
      }),
    )
    .optional(),
});

const stabilityRow = z.strictObject({
  variant: z.string(),
  words: z.string(),
  verdict: z.enum(verdicts),
  score: probability.nullable(),
  interval: interval.nullable(),
});
export type StabilityRow = z.infer<typeof stabilityRow>;

export const resultSchema = z.strictObject({
  schema: z.literal(resultSchemaName),
  tool: z.strictObject({ name: z.literal('mesoscope'), version: z.string() }),
  clip: z.strictObject({
    path: z.string(),
    sha256: z.string().nullable(),
    bytes: z.int().nonnegative().nullable(),
    container: z.string().nullable(),
    codec: z.string().nullable(),
    width: z.int().positive().nullable(),
    height: z.int().positive().nullable(),
    durationSeconds: seconds.nullable(),
    frames: z.int().nonnegative().nullable(),
  }),
  detector: z.strictObject({ name: z.string(), sha256: z.string() }).nullable(),
  settings: z.strictObject({ sample: z.string(), aggregation: aggregationSchema }).nullable(),
  status: z.enum(['scored', 'not_assessable', 'error']),
  verdict: z.enum(verdicts),
  score: probability.nullable(),
  interval: interval.nullable(),
  /** True where the detector's scores were calibrated on validation data. */
  calibrated: z.boolean(),
  reasons: z.array(z.string()),
  tracks: z.array(track),
  /** Times of detected shot changes, seconds. */
  cuts: z.array(seconds),
  /** Frames that were looked at. */
  framesAnalysed: z.int().nonnegative(),
  dropped: z.array(z.strictObject({ reason: z.string(), count: z.int().positive() })),
  /** With `--stability`: the same scan of the clip re-encoded, made smaller, cut, and of other frames. */
  stability: z.array(stabilityRow).optional(),
  /** Seconds by stage. */
  timing: z.record(z.string(), z.number().nonnegative()),
  error: z
    .strictObject({ code: z.enum(errorCodes as [string, ...string[]]), message: z.string() })
    .optional(),
});
export type ClipResult = z.infer<typeof resultSchema>;
export type TrackResult = z.infer<typeof track>;
export type FrameResult = z.infer<typeof frame>;

/** Verdicts in words, the same everywhere they are shown. Never "real". */
export const verdictWords: Record<Verdict, string> = {
  manipulation_likely: 'Manipulation likely',
  inconclusive: 'Inconclusive',
  no_manipulation_found: 'No manipulation found',
  not_assessable: 'Not assessable',
};
