/**
 * The detector's contract: everything that a user of its numbers must hold to, carried as JSON in the
 * `.onnx` file's metadata under {@link contractKey}. Versioned by `schema`.
 */
import { z } from 'zod';
import { cropPolicySchema } from '../faces/crop-policy.ts';

export const contractKey = 'mesoscope.contract';
export const contractSchemaName = 'mesoscope.detector/1';

const probability = z.number().min(0).max(1);

export const aggregationNames = ['mean', 'top-k', 'max', 'confident'] as const;

export const aggregationSchema = z.strictObject({
  /** Frames of a track to the track's score. */
  frames: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('mean') }),
    z.strictObject({ kind: z.literal('top-k'), share: z.number().gt(0).max(1) }),
    z.strictObject({ kind: z.literal('max') }),
    z.strictObject({ kind: z.literal('confident') }),
  ]),
  /** Tracks to the clip's score: one manipulated person makes a manipulated clip, hence the maximum. */
  tracks: z.enum(['max', 'mean']),
});
export type Aggregation = z.infer<typeof aggregationSchema>;

export const calibrationSchema = z.discriminatedUnion('kind', [
  /** Scores are used as the network gives them, and said to be uncalibrated wherever they are shown. */
  z.strictObject({ kind: z.literal('none') }),
  /** calibrated = sigmoid(slope * logit(score) + offset), fitted on validation tracks. */
  z.strictObject({ kind: z.literal('platt'), slope: z.number().positive(), offset: z.number() }),
]);
export type Calibration = z.infer<typeof calibrationSchema>;

const rates = z.strictObject({
  /** Share of real tracks called "manipulation likely"; undefined where not measured. */
  falseAlarms: probability.optional(),
  /** Share of manipulated tracks called "no manipulation found". */
  misses: probability.optional(),
  tracks: z.int().nonnegative(),
});

export const contractSchema = z.strictObject({
  schema: z.literal(contractSchemaName),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  description: z.string().max(2000),
  network: z.strictObject({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  crop: cropPolicySchema,
  input: z.strictObject({
    name: z.literal('image'),
    /** Height and width in pixels; layout N, 3 (R, G, B), height, width. */
    height: z.int().min(8).max(2048),
    width: z.int().min(8).max(2048),
    /** value = (byte / 255 - mean) / deviation, per channel. */
    mean: z.tuple([z.number(), z.number(), z.number()]),
    deviation: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  }),
  outputs: z.strictObject({
    /** N probabilities of manipulated. */
    score: z.literal('score'),
    /** N x h x w probabilities of manipulated, aligned with the input picture. */
    map: z.literal('map').optional(),
  }),
  aggregation: aggregationSchema,
  calibration: calibrationSchema,
  thresholds: z
    .strictObject({
      /** At or above: manipulation likely. */
      likely: probability,
      /** At or below: no manipulation found. Between: inconclusive. */
      notFound: probability,
      /** How the two were set, in words. */
      basis: z.string(),
    })
    .refine((t) => t.notFound < t.likely, 'notFound must be below likely'),
  quality: z.strictObject({
    /** Faces whose tight box has a shorter longest side are dropped as too small. Pixels of the frame. */
    minFacePixels: z.number().positive(),
    /** Variance of the Laplacian (`faces/quality.ts`) below which a face is dropped as too blurred. */
    minSharpness: z.number().nonnegative(),
    /** Mesh confidence below which a face is dropped as badly seen. */
    minMeshConfidence: probability,
    /** Fewer usable faces than this in a track: inconclusive at best. */
    minFaces: z.int().positive(),
    /** Measured error rates by quality. Empty: not measured, and the report says so. */
    measured: z.array(
      z.strictObject({ condition: z.string(), maxFacePixels: z.number().optional() }).extend(rates.shape),
    ),
  }),
  training: z.strictObject({ data: z.string(), terms: z.string(), recipe: z.string() }),
  figures: z.array(
    z.strictObject({
      metric: z.string(),
      value: z.number(),
      interval: z.tuple([z.number(), z.number()]).optional(),
      protocol: z.string(),
    }),
  ),
  /** What the reader must know before trusting a score. */
  limits: z.array(z.string()),
  licence: z.string(),
  /** Checked at load: the input is made from the seed, the outputs must agree within the tolerance. */
  golden: z
    .array(
      z.strictObject({
        seed: z.int(),
        score: probability,
        /** Mean of the map, for detectors that have one. */
        mapMean: probability.optional(),
      }),
    )
    .min(1)
    // They are run together: a file must not ask for more memory than a few pictures take.
    .max(16),
});
export type Contract = z.infer<typeof contractSchema>;
