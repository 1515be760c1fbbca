/**
 * One original and its fakes, frame by frame side by side.
 *
 * Whose face is cut where: the faces of the **original** are found and followed, and each fake is cut by the very same
 * squares. So a pair differs in its forgery and in nothing else, a fake that is bad enough to hide from the face finder
 * is not silently left out, and masks need no registration. A fake without its original (or of another size, or
 * of another moment) is followed by itself and has no difference mask.
 */
import { describe } from '../../base/errors.ts';
import { cropFace, cropMatrix } from '../../faces/crop.ts';
import type { CropPolicy } from '../../faces/crop-policy.ts';
import type { FaceSource } from '../../faces/finder.ts';
import { sixtyEightPoints } from '../../faces/landmarks.ts';
import { FaceTracker } from '../../faces/tracker.ts';
import type { TrackedFace } from '../../faces/types.ts';
import { type Affine, apply, invert } from '../../faces/warp.ts';
import { encodeJpeg, encodeMask, encodePng, readMask } from '../../media/image.ts';
import type { ClipReader, Frame, Picture } from '../../media/types.ts';
import type { DroppedFrame, Sample, UnitResult } from '../build/part.ts';
import type { SourceItem } from '../source.ts';
import { differenceMask, maskThrough } from './difference-mask.ts';
import { Follower } from './follower.ts';
import { isPictureName } from './picture-names.ts';
import { chooseFrames, type SetSampling } from './sampling.ts';
import type { SourceFiles } from './source-files.ts';

export interface PrepareSettings {
  folder: string;
  crop: CropPolicy;
  sampling: SetSampling;
  /** Side of the crops, in pixels. */
  size: number;
  format: 'jpg' | 'png';
  /** Of all crops alike. */
  jpegQuality: number;
  /** `main`: in each frame the face of the track with the largest faces in all; `all`: every face. */
  faces: 'main' | 'all';
  /** Faces narrower than this in the frame, in pixels, are left out. */
  leastFace: number;
}

/** A face that was cut, before it is known whether its track will stand. */
interface Candidate {
  trackId: number;
  face: TrackedFace;
  cut: { clip: SourceItem; picture: Buffer; mask: Buffer | undefined; problem: string | undefined }[];
}

function problemOf({ share, threshold }: { share: number; threshold: number }): string | undefined {
  if (threshold > mostThreshold) return notSameMoment;
  return share < leastShare ? 'does not differ from its original here' : undefined;
}

const notSameMoment = 'differs from its original all over: not the same moment';

/** Share of the face's box that must differ from the original, else nothing was manipulated there. */
const leastShare = 0.003;
/** Where the surroundings of the face differ by more, of 255, a mask would mean nothing. */
const mostThreshold = 60;

export async function prepareGroup(
  clips: readonly SourceItem[],
  settings: PrepareSettings,
  finder: FaceSource,
  files: SourceFiles,
): Promise<UnitResult> {
  const result = {
    samples: [] as Sample[],
    dropped: [] as DroppedFrame[],
    failures: [] as UnitResult['failures'],
  };
  const counts: Record<string, number> = { clips: 0, frames: 0, faces: 0, decodeSeconds: 0, faceSeconds: 0 };
  const [leader, ...others] = clips;
  const alone: SourceItem[] = [];
  let reader: ClipReader | undefined;
  const followers: Follower[] = [];
  const timed = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    return work().finally(() => {
      counts[key] += (performance.now() - began) / 1000;
    });
  };
  try {
    const clip = await files.open(leader.file);
    reader = clip;
    const chosen = await timed('decodeSeconds', () => chooseFrames(clip, settings.sampling));
    for (const other of others) {
      const follower = new Follower(other, files);
      const problem = await follower.open(clip, chosen);
      if (problem === undefined) followers.push(follower);
      else {
        await follower.close();
        alone.push(other);
        if (problem !== '') result.dropped.push({ id: other.id, reason: problem, count: 0 });
      }
    }
    const tracker = new FaceTracker(finder);
    const seen = new Set<number>();
    const candidates = new Map<number, Candidate[]>();
    const decoded = drawTimed(clip.frames({ kind: 'list', indices: chosen }), counts);
    for await (const { frame, faces } of tracker.follow(decoded)) {
      seen.add(frame.index);
      counts.frames++;
      const companions = await timed('decodeSeconds', () =>
        Promise.all(followers.map((it) => it.at(frame.index))),
      );
      const list: Candidate[] = [];
      for (const { trackId, face } of faces) {
        list.push({
          trackId,
          face,
          cut: await cutAll(frame, face, leader, followers, companions, settings, files),
        });
      }
      candidates.set(frame.index, list);
    }
    await choose(candidates, tracker, leader, followers, settings, result);
    alone.push(...separate(followers, result));
    for (const index of chosen) {
      if (!seen.has(index))
        result.dropped.push({ id: leader.id, frame: index, reason: 'frame does not decode' });
    }
    for (const { reason, count } of clip.dropped) result.dropped.push({ id: leader.id, reason, count });
    for (const { reason, count } of tracker.dropped()) result.dropped.push({ id: leader.id, reason, count });
    counts.clips += 1 + others.length - alone.length;
    for (const follower of followers) {
      await follower.close();
      counts.frames += follower.frames;
      result.failures.push(...follower.failures);
    }
    for (const { id, file, reason } of truncation(clip, leader)) result.failures.push({ id, file, reason });
  } catch (thrown) {
    result.failures.push({ id: leader.id, file: leader.file, reason: describe(thrown) });
    // Without the original, its fakes still stand for themselves.
    alone.length = 0;
    alone.push(...others);
    result.samples.length = 0;
    result.dropped.length = 0;
  } finally {
    for (const follower of followers) await follower.close();
    await reader?.close();
  }
  for (const item of alone) {
    const own = await prepareGroup([item], settings, finder, files);
    result.samples.push(...own.samples);
    result.dropped.push(...own.dropped);
    result.failures.push(...own.failures);
    for (const [key, value] of Object.entries(own.counts)) counts[key] = (counts[key] ?? 0) + value;
  }
  counts.faces = result.samples.length;
  return { ...result, counts };
}

/**
 * Fakes of which no frame is their original's (DFDC names another take of the scene as the original of some): what was
 * listed of them is taken back, and they are prepared by themselves.
 */
function separate(
  followers: readonly Follower[],
  result: { samples: Sample[]; dropped: DroppedFrame[] },
): SourceItem[] {
  const others = followers.filter(
    ({ item: { id } }) =>
      result.dropped.some((drop) => drop.id === id && drop.reason === notSameMoment) &&
      !result.samples.some(({ item }) => item.id.startsWith(`${id}/`)),
  );
  const ids = new Set(others.map(({ item }) => item.id));
  result.dropped.splice(0, Number.POSITIVE_INFINITY, ...result.dropped.filter(({ id }) => !ids.has(id)));
  for (const id of ids)
    result.dropped.push({ id, reason: `${notSameMoment}; no mask, faces found in it alone`, count: 0 });
  return others.map(({ item }) => item);
}

function truncation(clip: ClipReader, { id, file }: SourceItem) {
  const lost = clip.dropped.reduce((sum, { count }) => sum + count, 0);
  return lost > 0 ? [{ id, file, reason: `${lost} frames could not be decoded; the others are used` }] : [];
}

/** Adds the time that the decoder takes to `decodeSeconds`. */
async function* drawTimed(
  frames: AsyncIterable<Frame>,
  counts: Record<string, number>,
): AsyncGenerator<Frame> {
  const iterator = frames[Symbol.asyncIterator]();
  try {
    for (;;) {
      const began = performance.now();
      const step = await iterator.next();
      counts.decodeSeconds += (performance.now() - began) / 1000;
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await iterator.return?.();
  }
}

async function cutAll(
  frame: Frame,
  face: TrackedFace,
  leader: SourceItem,
  followers: readonly Follower[],
  companions: readonly (Picture | undefined)[],
  settings: PrepareSettings,
  files: SourceFiles,
): Promise<Candidate['cut']> {
  const { crop, size, format, jpegQuality } = settings;
  const matrix = cropMatrix(face, crop, size);
  const encode = (picture: Picture) =>
    format === 'png' ? encodePng(picture) : encodeJpeg(picture, jpegQuality);
  const own = await leaderMask(leader, frame, matrix, settings.size, files);
  const cut: Candidate['cut'] = [
    { clip: leader, picture: await encode(cropFace(frame, face, crop, size)), mask: own, problem: undefined },
  ];
  for (const [i, { item }] of followers.entries()) {
    const companion = companions[i];
    if (!companion) continue;
    const found = differenceMask(frame, companion, face);
    cut.push({
      clip: item,
      picture: await encode(cropFace(companion, face, crop, size)),
      mask: await encodeMask(maskThrough(found.mask, found.matrix, matrix, size)),
      problem: problemOf(found),
    });
  }
  return cut;
}

/** The mask that comes with a picture, through the crop; masks of videos are read by the difference to the original. */
async function leaderMask(
  { mask, file }: SourceItem,
  frame: Frame,
  crop: Affine,
  size: number,
  files: SourceFiles,
): Promise<Buffer | undefined> {
  if (mask === undefined || !isPictureName(mask) || !isPictureName(file)) return undefined;
  const read = await readMask(await files.mask(mask));
  // A mask of another size shows the same view: it is stretched.
  const toFrame: Affine = [frame.width / read.width, 0, 0, 0, frame.height / read.height, 0];
  return encodeMask(maskThrough(read, toFrame, crop, size));
}

/** Decides, now that the tracks are complete, which faces become samples; names the others. */
async function choose(
  candidates: ReadonlyMap<number, readonly Candidate[]>,
  tracker: FaceTracker,
  leader: SourceItem,
  followers: readonly Follower[],
  settings: PrepareSettings,
  out: { samples: Sample[]; dropped: DroppedFrame[] },
): Promise<void> {
  const weights = new Map(
    tracker
      .tracks()
      .map(({ id, faces }) => [id, faces.reduce((sum, { box }) => sum + box.width * box.height, 0)]),
  );
  const persons = new Map(tracker.tracks().map(({ id, person }) => [id, person]));
  const ids = [leader.id, ...followers.map(({ item }) => item.id)];
  for (const [index, list] of candidates) {
    const dropAll = (reason: string) => {
      for (const id of ids) out.dropped.push({ id, frame: index, reason });
    };
    if (list.length === 0) dropAll('no face found');
    const standing = list.filter(({ trackId }) => weights.has(trackId));
    for (const _ of list.slice(standing.length)) dropAll('its track was too short or no mesh fitted it');
    const main = [...standing].sort(
      (a, b) => (weights.get(b.trackId) ?? 0) - (weights.get(a.trackId) ?? 0),
    )[0];
    for (const candidate of standing) {
      const { face, trackId, cut } = candidate;
      if (settings.faces === 'main' && candidate !== main) {
        dropAll('another face than the main one');
        continue;
      }
      if (face.box.width < settings.leastFace) {
        dropAll(`face narrower than ${settings.leastFace} px`);
        continue;
      }
      for (const { clip, picture, mask, problem } of cut) {
        if (problem !== undefined) out.dropped.push({ id: clip.id, frame: index, reason: problem });
        else {
          const original = clip === leader ? undefined : leader.id;
          const person = persons.get(trackId) ?? 1;
          out.samples.push(
            sampleOf(clip, original, face, { track: trackId, person }, picture, mask, settings),
          );
        }
      }
    }
  }
}

function sampleOf(
  clip: SourceItem,
  original: string | undefined,
  face: TrackedFace,
  { track, person }: { track: number; person: number },
  bytes: Buffer,
  mask: Buffer | undefined,
  { crop, size, format }: PrepareSettings,
): Sample {
  const matrix = cropMatrix(face, crop, size);
  const back = invert(matrix);
  const landmarks = sixtyEightPoints(face.mesh).map(({ x, y }) => {
    const point = apply(back, x, y);
    return [round(point.x), round(point.y)];
  });
  const place = `${face.frameIndex}-${track}`;
  const { file, points: _, mask: __, landmarks: ___, original: ____, ...rest } = clip;
  return {
    // Set by the unit, which knows the clip's number.
    key: place,
    item: {
      ...rest,
      id: `${clip.id}/${place}`,
      // Of two people in one video each is a source of their own for nobody: the video keeps them together.
      width: size,
      height: size,
      nativeWidth: Math.max(1, Math.round(face.box.width)),
      ...(original === undefined ? {} : { original: `${original}/${place}` }),
    },
    image: { extension: format, bytes },
    mask,
    more: {
      sourceFile: file,
      frame: face.frameIndex,
      timeSeconds: round(face.timeSeconds),
      track,
      person,
      matrix,
      landmarks,
    },
  };
}

const round = (value: number) => Math.round(value * 1000) / 1000;
