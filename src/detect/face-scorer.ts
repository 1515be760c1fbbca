/** Crops faces by the detector's policy, scores them in batches, and keeps the crops that serve as evidence. */
import { errors } from '../base/errors.ts';
import { cropFace, cropSquare } from '../faces/crop.ts';
import type { CropPolicy } from '../faces/crop-policy.ts';
import { qualityOf } from '../faces/quality.ts';
import type { Face } from '../faces/types.ts';
import type { Dropped, Frame, Picture } from '../media/types.ts';
import type { Detector } from './open-detector.ts';
import type { FrameResult, TrackResult } from './result.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { CropRegion, EvidenceCrop } from './types.ts';
import { calibrate } from './verdict.ts';

/** Crops that wait for the network together; more costs memory and saves nothing on a CPU. */
const batchSize = 16;
/** Crops kept at each end of a track's scores. */
const keptAtEachEnd = 3;

export interface FaceOfTrack {
  trackId: number;
  face: Face;
}

interface Waiting {
  trackId: number;
  frame: Omit<FrameResult, 'score'>;
  region: CropRegion;
  crop: Picture;
}

export type UnscoredStretch = NonNullable<TrackResult['unscored']>[number];

interface Scored {
  frames: FrameResult[];
  raw: number[];
  reasons: Map<string, number>;
  unscored: UnscoredStretch[];
  /** Whether the last face of the track was left out: the next one then belongs to the same stretch. */
  inStretch: boolean;
  kept: EvidenceCrop[];
}

export class FaceScorer {
  readonly #detector: Detector;
  readonly #watch: Stopwatch;
  readonly #onFace: ((face: EvidenceCrop) => void) | undefined;
  readonly #tracks = new Map<number, Scored>();
  #waiting: Waiting[] = [];

  /** @param onFace told of every scored face, for those who want more than the evidence that is kept. */
  constructor(detector: Detector, watch: Stopwatch, onFace?: (face: EvidenceCrop) => void) {
    this.#detector = detector;
    this.#watch = watch;
    this.#onFace = onFace;
  }

  /** Takes the faces of one frame; the frame may be freed afterwards. */
  async add(frame: Frame, faces: readonly FaceOfTrack[]): Promise<void> {
    const { crop: policy, input } = this.#detector.contract;
    for (const { trackId, face } of faces) {
      this.#watch.timeNow('crop', () => {
        const reason = this.#unfit(frame, face);
        if (reason !== undefined) {
          const track = this.#track(trackId);
          track.reasons.set(reason, (track.reasons.get(reason) ?? 0) + 1);
          leaveOut(track, reason, frame.timeSeconds);
          return;
        }
        this.#track(trackId).inStretch = false;
        const { frameIndex, timeSeconds } = { frameIndex: frame.index, timeSeconds: frame.timeSeconds };
        const { x, y, width, height } = face.box;
        this.#waiting.push({
          trackId,
          frame: {
            frameIndex,
            timeSeconds,
            box: { x: round(x), y: round(y), width: round(width), height: round(height) },
          },
          region: regionOf(face, policy),
          crop: cropFace(frame, face, policy, input.width),
        });
      });
    }
    if (this.#waiting.length >= batchSize) await this.#scoreWaiting();
  }

  async finish(): Promise<void> {
    await this.#scoreWaiting();
  }

  /** A track's scored faces in order of time, and their uncalibrated scores. */
  track(id: number): { frames: FrameResult[]; raw: number[] } {
    return this.#track(id);
  }

  /** Why a track has no score. */
  reasonsOf(id: number): string[] {
    return [...this.#track(id).reasons].map(([reason, times]) => `${times} x ${reason}`);
  }

  /** Stretches of a track in which its face was seen and not scored, in order of time. */
  unscored(id: number): UnscoredStretch[] {
    return this.#track(id).unscored;
  }

  /** Faces that were not scored, by reason. */
  get dropped(): Dropped[] {
    return [...this.#tracks.values()].flatMap(({ reasons }) =>
      [...reasons].map(([reason, count]) => ({ reason, count })),
    );
  }

  /** Crops at both ends of each of the tracks' scores, most suspicious first. */
  evidence(ids: ReadonlySet<number>): EvidenceCrop[] {
    return [...this.#tracks]
      .filter(([id]) => ids.has(id))
      .flatMap(([, { kept }]) => kept.toSorted((a, b) => b.score - a.score));
  }

  /** The contract's quality limits; undefined where the face is fit to be scored. */
  #unfit(frame: Frame, face: Face): string | undefined {
    const limits = this.#detector.contract.quality;
    if (Math.max(face.box.width, face.box.height) < limits.minFacePixels) return 'face too small';
    if (face.meshConfidence < limits.minMeshConfidence) return 'face turned away or hidden';
    if (limits.minSharpness > 0 && qualityOf(frame, face).sharpness < limits.minSharpness)
      return 'face too blurred';
    return undefined;
  }

  async #scoreWaiting(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    const { scores, maps } = await this.#watch.time('network', () =>
      this.#detector.score(batch.map(({ crop }) => crop)),
    );
    for (const [i, { trackId, frame, region, crop }] of batch.entries()) {
      // A number that is none is a failure of the machine or the file, never a score.
      if (!Number.isFinite(scores[i])) {
        throw errors.DETECTOR_NOT_FINITE(this.#detector.contract.name, scores[i], frame.frameIndex);
      }
      const score = calibrate(scores[i], this.#detector.contract);
      const track = this.#track(trackId);
      track.raw.push(scores[i]);
      track.frames.push({ ...frame, score });
      const { frameIndex, timeSeconds } = frame;
      const map = maps ? { map: maps[i] } : {};
      const scored: EvidenceCrop = { trackId, frameIndex, timeSeconds, score, region, crop, ...map };
      this.#onFace?.(scored);
      keep(track.kept, scored);
    }
  }

  #track(id: number): Scored {
    let track = this.#tracks.get(id);
    if (!track) {
      track = { frames: [], raw: [], reasons: new Map(), unscored: [], inStretch: false, kept: [] };
      this.#tracks.set(id, track);
    }
    return track;
  }
}

/** Faces left out one after the other for the same reason are one stretch: memory does not grow with the clip. */
function leaveOut(track: Scored, reason: string, timeSeconds: number): void {
  const last = track.unscored.at(-1);
  if (last && track.inStretch && last.reason === reason) {
    last.endSeconds = timeSeconds;
    last.faces++;
  } else track.unscored.push({ reason, startSeconds: timeSeconds, endSeconds: timeSeconds, faces: 1 });
  track.inStretch = true;
}

/** Adds a crop and lets go of one in the middle, so that memory does not grow with the clip. */
function keep(kept: EvidenceCrop[], crop: EvidenceCrop): void {
  kept.push(crop);
  if (kept.length <= 2 * keptAtEachEnd) return;
  kept.sort((a, b) => b.score - a.score);
  kept.splice(keptAtEachEnd, 1);
}

function regionOf(face: Face, policy: CropPolicy): CropRegion {
  const { centre, side, angle, aspect = 1 } = cropSquare(face, policy);
  return {
    centreX: round(centre.x),
    centreY: round(centre.y),
    width: round(side),
    height: round(side * aspect),
    angle,
  };
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
