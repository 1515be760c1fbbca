/** The detectors that this server scans with, read once. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { errors } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { bundledDetectors, defaultDetector, detectorPath } from '../detect/bundled.ts';
import type { Contract } from '../detect/contract.ts';
import { checkPinned, type Pins } from '../detect/pins.ts';
import { readContract } from '../detect/read-contract.ts';

export interface ServedDetector {
  name: string;
  path: string;
  contract: Contract;
  sha256: string;
  bytes: number;
  isDefault: boolean;
  card: string | null;
}

const cards = fileURLToPath(new URL('../../docs/models/', import.meta.url));

export class Detectors {
  readonly all: readonly ServedDetector[];

  private constructor(all: readonly ServedDetector[]) {
    this.all = all;
  }

  /** Those that the pins allow. @throws DETECTOR_NOT_PINNED where they allow none */
  static async read(pins?: Pins): Promise<Detectors> {
    const files = await Promise.all((await bundledDetectors()).map(readDetector));
    const allowed = files.filter(({ sha256: hash }) => !pins || pins.hashes.has(hash));
    const usual = files.find(({ name }) => name === defaultDetector) ?? files[0];
    if (allowed.length === 0 && usual) checkPinned(usual.path, usual.sha256, pins);
    const chosen = allowed.includes(usual) ? usual : allowed[0];
    return new Detectors(await Promise.all(allowed.map((file) => describeDetector(file, file === chosen))));
  }

  /** What is scanned with where nothing is named: the usual one, or the first that is allowed. */
  get default(): string {
    return this.all.find(({ isDefault }) => isDefault)?.name ?? defaultDetector;
  }

  /** @throws DETECTOR_UNKNOWN */
  named(name: string = this.default): ServedDetector {
    const found = this.all.find((detector) => detector.name === name);
    if (!found) throw errors.DETECTOR_UNKNOWN(name, this.all.map((detector) => detector.name).join(', '));
    return found;
  }
}

interface DetectorBytes {
  name: string;
  path: string;
  bytes: Uint8Array;
  sha256: string;
}

async function readDetector(name: string): Promise<DetectorBytes> {
  const path = detectorPath(name);
  const bytes = await readFile(path);
  return { name, path, bytes, sha256: sha256(bytes) };
}

async function describeDetector(
  { name, path, bytes, sha256: hash }: DetectorBytes,
  isDefault: boolean,
): Promise<ServedDetector> {
  return {
    name,
    path,
    contract: readContract(path, bytes),
    sha256: hash,
    bytes: bytes.length,
    isDefault,
    card: await readFile(`${cards}${name}.md`, 'utf8').catch(() => null),
  };
}
