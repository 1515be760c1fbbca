/** A finder with the networks of the installed package: what every Node program uses. */
import { FaceFinder, type FinderOptions } from './finder.ts';
import { installedModelFiles } from './installed-model-files.ts';

/** Throws FACE_MODEL_MISSING, FACE_MODEL_UNSUPPORTED, DEVICE_UNAVAILABLE. Two threads by default. */
export function openFinder(options: Omit<FinderOptions, 'files'> = {}): Promise<FaceFinder> {
  return FaceFinder.open({ ...options, files: installedModelFiles });
}
