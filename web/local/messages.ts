/** What the page and its worker tell each other. */
import type { PackedError } from '../../src/base/packed-error.ts';
import type { Sampling } from '../../src/media/sampling.ts';
import type { LocalAnalysis, LocalEngine, LocalProgress } from './types.ts';

/** How the networks are to be run; counted when they are opened. */
export interface EngineWish {
  device: LocalEngine['device'] | undefined;
  threads: number | undefined;
}

export type LocalRequest =
  | { ask: 'prepare'; call: number; site: string; detector: string | undefined; engine: EngineWish }
  | {
      ask: 'analyse';
      call: number;
      site: string;
      clip: Blob;
      name: string;
      detector: string | undefined;
      sampling: Sampling | undefined;
      engine: EngineWish;
    }
  | { ask: 'abort'; call: number };

export type LocalReply =
  | { call: number; progress: LocalProgress }
  | { call: number; analysis: LocalAnalysis }
  | { call: number; engine: LocalEngine }
  | { call: number; error: PackedError };
