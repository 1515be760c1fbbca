/** What tasks hold, checked by whoever works them: the database is shared, and may have been written by another version. */
import { z } from 'zod';
import { errors } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { version } from '../../base/version.ts';
import { splitNames, staysInside } from '../../data/manifest.ts';
import { cropPolicySchema } from '../../faces/crop-policy.ts';
import type { BegunTask } from '../database/task-steps.ts';
import type { TaskKind } from '../jobs/queue.ts';

const path = z.string().min(1).max(4096).refine(staysInside, 'it leads out of its folder');
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().max(10_000);

/** A file of the sender's by the path that it has there, relative to the folder of all. */
const sentFileSchema = z.strictObject({
  file: path,
  /** Of its bytes in the store. */
  sha256: hash,
  bytes: z.int().nonnegative(),
});
export type SentFile = z.infer<typeof sentFileSchema>;

/** One that the sender could not read: the system's code. */
const absentFileSchema = z.strictObject({ file: path, absent: z.string().max(40) });
export type AbsentFile = z.infer<typeof absentFileSchema>;

const clipSchema = z.strictObject({
  id: text,
  file: path,
  label: z.union([z.literal(0), z.literal(1)]),
  method: text,
  videoId: text,
  sourceId: text,
  compression: text.optional(),
  mask: path.optional(),
  licence: text.optional(),
  split: z.enum(splitNames).optional(),
  original: text.optional(),
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
  nativeWidth: z.int().positive().optional(),
});

const prepareSchema = z.strictObject({
  mesoscope: z.string(),
  groups: z.array(z.strictObject({ clips: z.array(clipSchema).min(1) })).min(1),
  settings: z.strictObject({
    crop: cropPolicySchema,
    /** As `--sample` takes it. */
    sampling: z.string().max(1_000_000),
    size: z.int().min(1).max(4096),
    format: z.enum(['jpg', 'png']),
    jpegQuality: z.int().min(1).max(100),
    faces: z.enum(['main', 'all']),
    leastFace: z.number().nonnegative(),
  }),
  files: z.array(z.union([sentFileSchema, absentFileSchema])).min(1),
});
export type PreparePayload = z.infer<typeof prepareSchema>;

const trainSchema = z.strictObject({
  mesoscope: z.string(),
  /** Checked by the process that trains. Its paths are those of `files`, relative. */
  recipe: z.record(z.string(), z.unknown()),
  files: z.array(sentFileSchema).min(1),
});
export type TrainPayload = z.infer<typeof trainSchema>;

export interface Payloads {
  prepare: PreparePayload;
  train: TrainPayload;
}

const schemas: { [K in TaskKind]: z.ZodType<Payloads[K]> } = { prepare: prepareSchema, train: trainSchema };

/** @throws TASK_INVALID, TASK_OTHER_VERSION */
export function readPayload<K extends TaskKind>(
  kind: K,
  { name, payload }: Pick<BegunTask, 'name' | 'payload'>,
): Payloads[K] {
  const sender = z.looseObject({ mesoscope: z.string() }).safeParse(payload).data?.mesoscope;
  if (sender !== undefined && sender !== version) throw errors.TASK_OTHER_VERSION(name, sender, version);
  const parsed = schemas[kind].safeParse(payload);
  // As it came: a schema orders keys its own way, and their order becomes that in the shards.
  if (parsed.success) return payload as Payloads[K];
  const [{ path: at, message }] = parsed.error.issues;
  throw errors.TASK_INVALID(name, `${at.join('.') || 'the whole'}: ${message}`);
}

/** What makes two tasks the same: all that the result depends on. The files' hashes and the version are in the payload. */
export function taskKey<K extends TaskKind>(kind: K, payload: Payloads[K]): string {
  return sha256(JSON.stringify([kind, payload]));
}
