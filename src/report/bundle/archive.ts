/**
 * A bundle's zip. One way to write a set of files and no other: stored, in order of their names, without times. So a reader
 * can write what it read again and compare: no byte of the file is outside of what the hashes cover, and since nothing is
 * compressed, nothing can swell.
 */
import { unzipSync, type Zippable, zipSync } from 'fflate';
import { describe } from '../../base/errors.ts';
import { fileName } from './manifest.ts';

/** A clip has at most 2,000 frames with a map or two each on a server; more is no bundle of ours. */
const mostFiles = 50_000;

/** Names as {@link fileName} has them; throws a plain error on others: a bug here. */
export function writeArchive(files: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const zippable: Zippable = {};
  for (const name of [...files.keys()].sort()) {
    if (!fileName.test(name)) throw new Error(`${JSON.stringify(name)} is no name for a file of a bundle`);
    // Zip has times of some place on the earth; the first that it can tell is the same everywhere.
    zippable[name] = [files.get(name) as Uint8Array, { level: 0, mtime: new Date(1980, 0, 1) }];
  }
  return new Uint8Array(zipSync(zippable));
}

export type Archive =
  | { files: ReadonlyMap<string, Uint8Array>; problem: null }
  | { files: null; problem: string };

/** Files as they are told by the archive's directory, or why it is refused. Never throws. */
export function readArchive(bytes: Uint8Array): Archive {
  const names = new Set<string>();
  let total = 0;
  try {
    const entries = unzipSync(bytes, {
      filter: ({ name, size, originalSize, compression }) => {
        if (!fileName.test(name)) throw new Error(`it holds a file with the name ${JSON.stringify(name)}`);
        if (names.has(name)) throw new Error(`it holds ${name} twice`);
        if (compression !== 0 || size !== originalSize) {
          throw new Error(`${name} is compressed, which files of a bundle never are`);
        }
        names.add(name);
        total += size;
        if (names.size > mostFiles) throw new Error(`it holds more than ${mostFiles} files`);
        // Stored files that say to be larger than the archive, or that lie over each other.
        if (!(total <= bytes.length)) throw new Error('its files are larger than itself');
        return true;
      },
    });
    return { files: new Map(Object.entries(entries)), problem: null };
  } catch (error) {
    return { files: null, problem: describe(error) };
  }
}

/** Whether the archive is the one that {@link writeArchive} makes of its files, to the byte. */
export function isCanonical(bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>): boolean {
  return Buffer.compare(writeArchive(files), bytes) === 0;
}
