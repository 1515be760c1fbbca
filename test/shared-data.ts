/** Data outside the repository, which only some machines have. Tests that need it are skipped by name. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root =
  process.env.MESOSCOPE_SHARED_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url));

export const haveSharedData = existsSync(root);

/** Absolute path of a file or folder of the shared data. */
export function shared(path: string): string {
  return `${root}/${path}`;
}

/** Appended to a test's name where the data is absent, so that the reason stands in the report. */
export const skipReason = haveSharedData ? '' : ' (skipped: no ../shared/data here)';
