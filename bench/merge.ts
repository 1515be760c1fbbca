/** Rows of a committed result beside those measured now: one network can be measured again without the others. */
import { existsSync, readFileSync } from 'node:fs';

const networkAndTask = (row: object) => {
  const { network, task } = row as { network?: string; task?: string };
  return `${network} ${task ?? ''}`;
};

/** The file's rows with those of the same key replaced, in the file's order; new ones come last. */
export function mergeRows<T extends object>(
  path: string,
  fresh: readonly T[],
  keyOf: (row: T) => string = networkAndTask,
): T[] {
  const old = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { rows: T[] }).rows : [];
  const now = new Map(fresh.map((row) => [keyOf(row), row]));
  const before = new Set(old.map(keyOf));
  return [...old.map((row) => now.get(keyOf(row)) ?? row), ...fresh.filter((row) => !before.has(keyOf(row)))];
}
