/** Which frames of a video become pictures: the media's policies, and MesoNet's. */
import { compareShots, type ShotSignature, shotSignature } from '../../faces/shots.ts';
import { formatSampling, parseSampling, type Sampling, selectFrames } from '../../media/sampling.ts';
import type { ClipReader } from '../../media/types.ts';

/**
 * `changes`: up to `count` frames, evenly spaced, of every stretch without a change of camera or light. 000 §3.1.1:
 * "the number of selected frames for extraction per video is proportional to the number of camera angle and
 * illumination changes on the target face. As a reference, approximately 50 faces were extracted per scene."
 */
export type SetSampling = Sampling | { kind: 'changes'; count: number };

/** What each of the documents does. */
export const paperSampling: Readonly<Record<string, string>> = {
  '000 (MesoNet)': 'changes:50',
  '002': 'range:10+101',
  '003, training': 'every:1',
  '003, evaluation': 'every:10',
  '004': 'every:5',
};

/** Throws SAMPLING_INVALID. */
export function parseSetSampling(text: string): SetSampling {
  const match = /^changes:([1-9]\d{0,6})$/.exec(text);
  return match ? { kind: 'changes', count: Number(match[1]) } : parseSampling(text);
}

export function formatSetSampling(sampling: SetSampling): string {
  return sampling.kind === 'changes' ? `changes:${sampling.count}` : formatSampling(sampling);
}

/** Looks a second at which changes are sought. */
const looksPerSecond = 4;
/** Change of the mean luma, of 255, within one camera's view, that counts as a change of light. */
const leastLightChange = 18;

/** Indices of the frames of a clip, ascending. `changes` decodes four frames a second to find them. */
export async function chooseFrames(clip: ClipReader, sampling: SetSampling): Promise<number[]> {
  const { times, keyFrames } = await clip.scan();
  if (sampling.kind !== 'changes') return selectFrames(sampling, times, keyFrames);
  const starts = [0];
  let before: ShotSignature | undefined;
  for await (const frame of clip.frames({ kind: 'fps', rate: looksPerSecond })) {
    const signature = shotSignature(frame, frame.timeSeconds);
    if (before && isChange(before, signature)) starts.push(frame.index);
    before = signature;
  }
  return evenlyInScenes(starts, times.length, sampling.count);
}

function isChange(before: ShotSignature, now: ShotSignature): boolean {
  const { verdict } = compareShots(before, now);
  return (
    verdict === 'cut' ||
    verdict === 'likely' ||
    Math.abs(mean(now.layout) - mean(before.layout)) > leastLightChange
  );
}

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** `count` frames of each scene, at the middles of equal pieces; all of a shorter one. */
export function evenlyInScenes(starts: readonly number[], frames: number, count: number): number[] {
  return starts.flatMap((start, i) => {
    const length = (starts[i + 1] ?? frames) - start;
    const taken = Math.min(count, length);
    return Array.from({ length: taken }, (_, k) => start + Math.floor(((k + 0.5) * length) / taken));
  });
}
