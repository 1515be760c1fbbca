/** Where the face networks' files come from in Node: the installed package `@vladmandic/human` (MIT). */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { errors } from '../base/errors.ts';
import type { ModelFiles } from './model-files.ts';

/** The files inside the installed package. */
export const installedModelFiles: ModelFiles = {
  async read(name) {
    try {
      const folder = modelFolder();
      const [text, weights] = await Promise.all([
        readFile(join(folder, `${name}.json`), 'utf8'),
        readFile(join(folder, `${name}.bin`)),
      ]);
      return { name, json: JSON.parse(text), weights };
    } catch (cause) {
      const error = errors.FACE_MODEL_MISSING(name, cause instanceof Error ? cause.message : String(cause));
      error.cause = cause;
      throw error;
    }
  },
};

function modelFolder(): string {
  const require = createRequire(import.meta.url);
  try {
    // The package exports its entry only; models/ lies beside dist/.
    const folder = join(dirname(require.resolve('@vladmandic/human')), '..', 'models');
    if (existsSync(folder)) return folder;
  } catch {
    // A future exports map may hide the entry from `require`; the folders are searched instead.
  }
  const searched = require.resolve.paths('@vladmandic/human') ?? [];
  const found = searched.map((path) => join(path, '@vladmandic/human/models')).find(existsSync);
  if (!found) throw new Error('@vladmandic/human is not installed');
  return found;
}
