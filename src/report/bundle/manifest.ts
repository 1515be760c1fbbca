/** What a bundle's signature covers: `manifest.json`, byte by byte. Versioned by `schema`. */
import { z } from 'zod';
import { aggregationSchema } from '../../detect/contract.ts';

export const manifestSchemaName = 'mesoscope.evidence/1';

/** The three files that the manifest cannot list: itself, its signature (64 bytes) and the key (SPKI, PEM). */
export const manifestFile = 'manifest.json';
export const signatureFile = 'manifest.sig';
export const publicKeyFile = 'public-key.pem';
export const logFile = 'log.jsonl';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** One folder deep at most, and nothing that a file system or a shell takes for more than a name. */
export const fileName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?$/;

export const manifestSchema = z.strictObject({
  schema: z.literal(manifestSchemaName),
  /** By the clock of the machine that signed. */
  signedAt: z.iso.datetime(),
  tool: z.strictObject({ name: z.literal('mesoscope'), version: z.string() }),
  clip: z.strictObject({
    name: z.string(),
    /** Null where the file could not be read. */
    sha256: hash.nullable(),
    bytes: z.int().nonnegative().nullable(),
  }),
  detector: z.strictObject({ name: z.string(), sha256: hash }).nullable(),
  /** What the scores depend on beside clip and detector; null where there are none. */
  scan: z
    .strictObject({ sample: z.string(), aggregation: aggregationSchema, seed: z.int().nonnegative() })
    .nullable(),
  /** All files but the three of the signature, by name in order of code units. */
  files: z.array(
    z.strictObject({ name: z.string().regex(fileName), sha256: hash, bytes: z.int().nonnegative() }),
  ),
  /** Of the job's log: its last hash stands for the whole chain. */
  log: z.strictObject({ entries: z.int().nonnegative(), last: hash }),
  key: z.strictObject({ algorithm: z.literal('Ed25519'), fingerprint: hash }),
});
export type Manifest = z.infer<typeof manifestSchema>;
