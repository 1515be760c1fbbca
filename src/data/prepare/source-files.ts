/** Where the files of a unit come from: a folder of this machine, or another place that has their bytes. */
import { join } from 'node:path';
import { openClip } from '../../media/open.ts';
import type { ClipReader } from '../../media/types.ts';
import { readThrough } from '../shards.ts';

/** Files by the paths that the source gives them. */
export interface SourceFiles {
  /** Throws as {@link openClip}, naming the path that the user knows. */
  open(file: string): Promise<ClipReader>;
  /** A path, or the bytes, of a mask's picture. */
  mask(file: string): Promise<string | Uint8Array>;
}

/** One decoding thread a clip: the workers are as many as the machine has. */
export const decodingThreads = 1;

export function filesIn(folder: string): SourceFiles {
  return {
    open: (file) => openClip(join(folder, file), { threads: decodingThreads }),
    mask: (file) => readThrough(join(folder, file)),
  };
}
