/** The detectors that this server scans with, read once. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { errors } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { bundledDetectors, defaultDetector, detectorPath } from '../detect/bundled.ts';
import type { Contract } from '../detect/contract.ts';
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

  static async read(): Promise<Detectors> {
    const names = await bundledDetectors();
    return new Detectors(await Promise.all(names.map(describeDetector)));
  }

  get default(): string {
    return defaultDetector;
  }

  /** @throws DETECTOR_UNKNOWN */
  named(name: string = defaultDetector): ServedDetector {
    const found = this.all.find((detector) => detector.name === name);
    if (!found) throw errors.DETECTOR_UNKNOWN(name, this.all.map((detector) => detector.name).join(', '));
    return found;
  }
}

async function describeDetector(name: string): Promise<ServedDetector> {
  const path = detectorPath(name);
  const bytes = await readFile(path);
  return {
    name,
    path,
    contract: readContract(path, bytes),
    sha256: sha256(bytes),
    bytes: bytes.length,
    isDefault: name === defaultDetector,
    card: await readFile(`${cards}${name}.md`, 'utf8').catch(() => null),
  };
}
