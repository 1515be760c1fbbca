/** What the command line and the process that scans for it say to each other, as JSON. */
import { z } from 'zod';
import { errorCodes } from '../../base/errors.ts';
import { contractSchema } from '../../detect/contract.ts';
import { resultSchema } from '../../detect/result.ts';
import type { ScannerOptions } from '../../detect/scanner.ts';
import type { EvidenceCrop } from '../../detect/types.ts';
import type { Sampling } from '../../media/sampling.ts';
import { credentialsSchema } from '../api.ts';

/** The first message. */
export interface ScanProcessTask extends Omit<ScannerOptions, 'pins'> {
  pins?: { hashes: string[]; source: string };
}

/** One at a time: the next is sent when the last one is answered. */
export type ScanRequest =
  | { kind: 'scan'; path: string; sampling: Sampling }
  | { kind: 'stability'; path: string; durationSeconds: number | null; score: number; sampling: Sampling }
  | { kind: 'credentials'; path: string };

const probability = z.number().min(0).max(1);
/** Crops are a few hundred pixels wide. */
const side = z.int().positive().max(4096);
const size = { width: side, height: side };

const crop = z.strictObject({
  ...{
    trackId: z.int().positive(),
    frameIndex: z.int().nonnegative(),
    timeSeconds: z.number().nonnegative(),
  },
  score: probability,
  region: z.strictObject({
    ...{ centreX: z.number(), centreY: z.number(), width: z.number(), height: z.number(), angle: z.number() },
  }),
  /** Bytes R G B, and little-endian 32-bit floats: base64. */
  crop: z.strictObject({ ...size, data: z.string() }),
  map: z.strictObject({ ...size, data: z.string() }).optional(),
});
type CropMessage = z.infer<typeof crop>;

const count = z.int().nonnegative();
/** Some policies count as they go. */
const progress = z.strictObject({
  stage: z.enum(['open', 'frames', 'score', 'done']),
  done: count,
  total: count,
});

const error = z.strictObject({
  code: z.enum(errorCodes as [string, ...string[]]),
  fact: z.string(),
  next: z.string(),
});

/** Checked like any outside data: the process that says it has read a stranger's file. */
export const fromScanProcessSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ready'),
    contract: contractSchema,
    detector: z.strictObject({ name: z.string(), sha256: z.string() }),
  }),
  /** The scanner cannot be opened, or a request broke down. */
  z.strictObject({ kind: z.literal('refused'), error }),
  z.strictObject({ kind: z.literal('progress'), progress }),
  z.strictObject({ kind: z.literal('crop'), crop }),
  z.strictObject({ kind: z.literal('scanned'), result: resultSchema }),
  z.strictObject({ kind: z.literal('rows'), rows: resultSchema.shape.stability.unwrap() }),
  z.strictObject({ kind: z.literal('credentials'), credentials: credentialsSchema }),
]);
export type FromScanProcess = z.infer<typeof fromScanProcessSchema>;

export function cropMessage({ crop, map, ...rest }: EvidenceCrop): CropMessage {
  const text = ({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return {
    ...rest,
    crop: { ...crop, data: text(crop.data) },
    ...(map ? { map: { ...map, data: text(map.data) } } : {}),
  };
}

/** @returns undefined where the bytes are not as many as the size says, or a map's values are no scores. */
export function cropOf({ crop, map, ...rest }: CropMessage): EvidenceCrop | undefined {
  const data = new Uint8Array(Buffer.from(crop.data, 'base64'));
  if (data.length !== crop.width * crop.height * 3) return undefined;
  const face = { ...rest, crop: { ...crop, data } };
  if (!map) return face;
  const bytes = new Uint8Array(Buffer.from(map.data, 'base64'));
  if (bytes.length !== map.width * map.height * 4) return undefined;
  const values = new Float32Array(bytes.buffer);
  if (!values.every((value) => value >= 0 && value <= 1)) return undefined;
  return { ...face, map: { ...map, data: values } };
}
