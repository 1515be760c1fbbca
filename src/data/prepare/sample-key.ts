/** How samples of prepared sets are named in their shards: the clip's number in the set, the frame, the track. */
import { PartInvalidError } from '../build/adopt-part.ts';

export function sampleKey(clip: number, frame: string, track: string): string {
  return `c${String(clip).padStart(6, '0')}-f${frame.padStart(6, '0')}-t${track}`;
}

export const sampleKeyPattern = /^c(\d{6,9})-f(\d{6,9})-t(\d{1,9})$/;

/** The key with the clip's number moved by so many. @throws PartInvalidError for what is no such key */
export function moveKey(key: string, by: number): string {
  const parts = sampleKeyPattern.exec(key);
  if (!parts) throw new PartInvalidError(`${JSON.stringify(key)} names no sample`);
  return sampleKey(Number(parts[1]) + by, parts[2], parts[3]);
}
