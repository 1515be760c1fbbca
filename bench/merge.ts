/** Rows of a committed result beside those measured now: one network can be measured again without the others. */
import { existsSync, readFileSync } from 'node:fs';

interface Named {
  network: string;
  task?: string;
}

/** The file's rows with those of the same network and task replaced, in the file's order; new ones come last. */
export function mergeRows<T extends Named>(path: string, fresh: readonly T[]): T[] {
  const old = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { rows: T[] }).rows : [];
  const same = (a: Named) => (b: Named) => a.network === b.network && a.task === b.task;
  return [...old.map((row) => fresh.find(same(row)) ?? row), ...fresh.filter((row) => !old.some(same(row)))];
}
