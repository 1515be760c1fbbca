/** The detectors that come with the package, by name. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { errors } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { defaultDetector } from './default-detector.ts';

export { defaultDetector } from './default-detector.ts';

const folder = fileURLToPath(new URL('../../detectors/', import.meta.url));

export async function bundledDetectors(): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .filter((file) => file.endsWith('.onnx'))
    .map((file) => file.slice(0, -'.onnx'.length))
    .sort();
}

/** A path for a name or a path. @throws DETECTOR_MISSING */
export function detectorPath(nameOrPath: string = defaultDetector): string {
  if (existsSync(nameOrPath)) return nameOrPath;
  const bundled = `${folder}${nameOrPath}.onnx`;
  if (/^[a-z0-9][a-z0-9._-]*$/.test(nameOrPath) && existsSync(bundled)) return bundled;
  throw errors.DETECTOR_MISSING(nameOrPath);
}

/** SHA-256 of a bundled detector's file. */
export async function detectorHash(name: string): Promise<string> {
  return sha256(await readFile(detectorPath(name)));
}

/** The bundled detector whose file has this hash. @throws DETECTOR_HASH_UNKNOWN */
export async function detectorByHash(hash: string): Promise<string> {
  for (const name of await bundledDetectors()) if ((await detectorHash(name)) === hash) return name;
  throw errors.DETECTOR_HASH_UNKNOWN(hash);
}
