/** What the page and its worker tell each other. */
import type { PackedError } from '../../src/base/packed-error.ts';
import type { Sampling } from '../../src/media/sampling.ts';
import type { LocalAnalysis, LocalEngine, LocalProgress } from './types.ts';

export type LocalRequest =
  | { ask: 'prepare'; call: number; site: string; detector: string | undefined; threads: number | undefined }
  | {
      ask: 'analyse';
      call: number;
      site: string;
      clip: Blob;
      name: string;
      detector: string | undefined;
      sampling: Sampling | undefined;
      threads: number | undefined;
    }
  | { ask: 'abort'; call: number };

export type LocalReply =
  | { call: number; progress: LocalProgress }
  | { call: number; analysis: LocalAnalysis }
  | { call: number; engine: LocalEngine }
  | { call: number; error: PackedError };
