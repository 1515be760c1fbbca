/** What makes two analyses the same: then the second is the first one's result, and costs nothing. */
import { sha256 } from '../../base/hash.ts';
import { version } from '../../base/version.ts';

export interface KeyParts {
  /** SHA-256 of the clip's file. */
  clip: string;
  /** SHA-256 of the detector's file; its contract is in it. */
  detector: string;
  /** Sampling policy as it is stored, such as `even:32`. */
  sample: string;
}

/** Lower-case hex. The version is part of it: faces may be found otherwise in the next. */
export function resultKey({ clip, detector, sample }: KeyParts): string {
  return sha256(JSON.stringify(['analysis', version, clip, detector, sample]));
}
