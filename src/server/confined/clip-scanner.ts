/** What reads files of strangers for the command line: their faces, their origin, and how a verdict holds. */
import type { StabilityRow } from '../../detect/result.ts';
import { type FileScanner, openScanner, type ScannerOptions } from '../../detect/scanner.ts';
import type { Judged, StabilityOptions } from '../../experiments/stability.ts';
import type { Credentials } from '../api.ts';

export interface ClipScanner extends FileScanner {
  /** @throws the signal's reason after an abort; see `stabilityOf` */
  stability(result: Judged, options: StabilityOptions): Promise<StabilityRow[]>;
  /** Never throws. */
  credentials(path: string): Promise<Credentials>;
}

/** All of it in this process, with its rights. @throws as {@link openScanner} */
export async function openInProcess(options: ScannerOptions): Promise<ClipScanner> {
  const scanner = await openScanner(options);
  return {
    ...scanner,
    // Loaded where they are asked for: most scans need neither.
    stability: async (result, how) =>
      (await import('../../experiments/stability.ts')).stabilityOf(scanner, result, how),
    credentials: async (path) => (await import('../jobs/credentials.ts')).readCredentials(path),
  };
}
