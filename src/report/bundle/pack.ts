/** Everything behind a result in one signed file, so that another examiner can check and repeat it. */
import { sha256 } from '../../base/hash.ts';
import { version } from '../../base/version.ts';
import type { Contract } from '../../detect/contract.ts';
import type { ClipResult } from '../../detect/result.ts';
import { writeArchive } from './archive.ts';
import type { Signer } from './key.ts';
import type { JobLog } from './log.ts';
import {
  logFile,
  type Manifest,
  manifestFile,
  manifestSchema,
  manifestSchemaName,
  publicKeyFile,
  signatureFile,
} from './manifest.ts';

export interface BundleParts {
  result: ClipResult;
  contract: Contract;
  /** As the sender called the file. */
  name: string;
  seed: number;
  /** The command that repeats the scan. */
  replay: string;
  /** Of the analysis so far; the bundling is its last entry. */
  log: JobLog;
  /** `report.html`, `result.json`, crops, maps and what else belongs to it. */
  files: ReadonlyMap<string, Uint8Array>;
  /** What is said of each crop and map. */
  faces: unknown;
  credentials: unknown;
  /** What else an exhibit's sheet says: when it was received, from where. */
  exhibit: Readonly<Record<string, unknown>>;
  signer: Signer;
  now: Date;
}

/** @returns the zip's bytes. */
export function packBundle(parts: BundleParts): Uint8Array<ArrayBuffer> {
  const { result, contract, log, signer } = parts;
  const files = new Map(parts.files);
  const add = (name: string, text: string) => void files.set(name, new TextEncoder().encode(text));
  add('faces.json', pretty(parts.faces));
  add('credentials.json', pretty(parts.credentials));
  add('detector.json', pretty({ ...result.detector, contract }));
  const { sha256: hash, bytes } = result.clip;
  add(
    'exhibit.json',
    pretty({
      clip: { name: parts.name, sha256: hash, bytes, ...parts.exhibit },
      tool: { ...result.tool, bundledBy: version },
      replay: parts.replay,
    }),
  );
  add(
    'replay.sh',
    `#!/bin/sh\n# Repeats the analysis; the clip itself must lie beside this file.\n${parts.replay}\n`,
  );
  log.add('bundled', { version, files: files.size + 2, key: signer.fingerprint });
  add(logFile, log.toString());
  // As `sha256sum --check` reads it.
  const sums = [...files].map(([file, content]) => `${sha256(content)}  ${file}\n`);
  add('SHA256SUMS', sums.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join(''));
  const manifest = new TextEncoder().encode(pretty(manifestOf(parts, files)));
  files.set(manifestFile, manifest);
  files.set(signatureFile, signer.sign(manifest));
  add(publicKeyFile, signer.publicKey);
  return writeArchive(files);
}

function manifestOf(
  { result, name, seed, log, signer, now }: BundleParts,
  files: ReadonlyMap<string, Uint8Array>,
): Manifest {
  const { sha256: hash, bytes } = result.clip;
  return manifestSchema.parse({
    schema: manifestSchemaName,
    signedAt: now.toISOString(),
    tool: { name: 'mesoscope', version },
    clip: { name, sha256: hash, bytes },
    detector: result.detector,
    scan: result.settings && { ...result.settings, seed },
    files: [...files.keys()].sort().map((file) => {
      const content = files.get(file) as Uint8Array;
      return { name: file, sha256: sha256(content), bytes: content.length };
    }),
    log: { entries: log.length, last: log.last },
    key: { algorithm: 'Ed25519', fingerprint: signer.fingerprint },
  });
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
