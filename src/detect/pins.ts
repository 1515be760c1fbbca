/** The detectors that an operator allows, by the hashes of their files. */
import { readFile } from 'node:fs/promises';
import { describe, errors } from '../base/errors.ts';

export interface Pins {
  /** SHA-256 of files, lower-case hex. */
  readonly hashes: ReadonlySet<string>;
  /** What errors call the list: its path. */
  readonly source: string;
}

/** A list as `sha256sum` prints it; empty lines and lines that begin with `#` are skipped. @throws PINS_INVALID */
export async function readPins(path: string): Promise<Pins> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw errors.PINS_INVALID(path, describe(cause));
  });
  const hashes = new Set<string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, hash] = /^\\?([0-9a-f]{64})(?:\s.*)?$/i.exec(line) ?? [];
    if (!hash) throw errors.PINS_INVALID(path, `line ${i + 1} does not begin with a SHA-256 hash`);
    hashes.add(hash.toLowerCase());
  }
  if (hashes.size === 0) throw errors.PINS_INVALID(path, 'it allows none');
  return { hashes, source: path };
}

/** @throws DETECTOR_NOT_PINNED */
export function checkPinned(path: string, hash: string, pins: Pins | undefined): void {
  if (pins && !pins.hashes.has(hash)) throw errors.DETECTOR_NOT_PINNED(path, hash, pins.source);
}
