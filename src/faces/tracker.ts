/**
 * Follows faces through a clip's frames, dense or sparse, one frame in memory at a time.
 *
 * Frames that are neighbours in time are followed with the mesh (the square comes from the landmarks before) and
 * looked at afresh every few frames, or when a mesh no longer fits; so are frames up to half a second apart, with less
 * patience. Frames further apart are each looked at afresh. Position settles who is who where only one answer is possible; otherwise descriptors do.
 */
import { iou } from '../base/geometry.ts';
import type { Dropped, Frame } from '../media/types.ts';
import { alikeInSize, belonging, closeness, greedyPairs, type Pair, plainPairs } from './association.ts';
import { type FaceSource, type FindOptions, goodMesh } from './finder.ts';
import { similarity } from './identity.ts';
import { groupPeople, Likeness } from './people.ts';
import { type ShotChange, ShotDetector } from './shots.ts';
import type { Face, Track, TrackedFace } from './types.ts';

export interface TrackerOptions {
  /** Among neighbouring frames, one in so many is looked at afresh. */
  detectEvery?: number;
  /** Keeps the meshes of past faces (5.6 kB each) in {@link FaceTracker.tracks}; on by default. */
  keepMeshes?: boolean;
}

export interface FaceInTrack {
  trackId: number;
  face: TrackedFace;
}

/** A frame, alive until the next is asked for, and its faces. */
export interface FollowedFrame {
  frame: Frame;
  faces: FaceInTrack[];
  /** Whether a new shot begins with this frame. */
  cut: boolean;
}

export interface Cut {
  frameIndex: number;
  timeSeconds: number;
}

/** A track that may still go on. */
interface Live {
  id: number;
  faces: TrackedFace[];
  last: TrackedFace;
  likeness: Likeness;
  /** Fresh looks since the face was last found. */
  missed: number;
  /** Neighbouring frames that were seen since the track began. */
  chances: number;
}

/** Among frames that are near but no neighbours, one in so many is looked at afresh: a newcomer waits a second at most. */
const detectEveryNear = 3;
/** What a followed mesh must share with the one before: neighbours move little, near frames may not be mistaken. */
const held = { dense: { overlap: 0.3, mesh: goodMesh }, near: { overlap: 0.45, mesh: 0.85 } };

/** A track ends when it was missed in so many fresh looks and for so long. */
const mostMissed = 2;
const mostMissedSeconds = 0.7;
/** Fewer faces than this among neighbouring frames are a flicker of the detector. */
const leastFaces = 3;
/** Frames between two searches in tiles, which cost six looks. */
const tileEvery = { dense: 15, sparse: 4 };
/** Ended tracks whose portraits may wait undescribed: 450 kB each. */
const mostWaiting = 16;
/** Median mesh flag that a track needs. */
const leastTrackMesh = 0.65;
/** Detector score from which something without a fitting mesh is still called a face. */
const surelyFace = 0.7;
const noMeshFits = 'face turned away or hidden (no mesh fits)';
/** Faces narrower than this share of the frame's shorter side are looked at closely again. */
const smallShare = 0.12;

export class FaceTracker {
  readonly #source: FaceSource;
  readonly #detectEvery: number;
  readonly #keepMeshes: boolean;
  #live: Live[] = [];
  #ended: Live[] = [];
  #described = 0;
  #tracks: Track[] = [];
  readonly #cuts: Cut[] = [];
  readonly #dropped = new Map<string, number>();
  readonly #shots = new ShotDetector();
  #sinceLook = 0;
  #sinceTiles = Number.POSITIVE_INFINITY;
  #nextId = 1;

  constructor(source: FaceSource, { detectEvery = 5, keepMeshes = true }: TrackerOptions = {}) {
    this.#source = source;
    this.#detectEvery = detectEvery;
    this.#keepMeshes = keepMeshes;
  }

  /** Passes frames on with their faces. Cut crops before asking for the next frame. Runs once. */
  async *follow(frames: AsyncIterable<Frame>): AsyncGenerator<FollowedFrame> {
    for await (const frame of frames) {
      yield await this.#step(frame);
      await this.#describeOldest();
    }
    this.#end(this.#live);
    await this.#finish();
  }

  /** The tracks in order of appearance, complete once `follow` has ended. Numbers of dropped tracks are missing. */
  tracks(): Track[] {
    return this.#tracks;
  }

  /** The frames that begin a new shot; the first frame is none. */
  cuts(): readonly Cut[] {
    return this.#cuts;
  }

  /** Faces that were seen and left out, by reason. */
  dropped(): Dropped[] {
    return [...this.#dropped].map(([reason, count]) => ({ reason, count }));
  }

  async #step(frame: Frame): Promise<FollowedFrame> {
    const { verdict, dense, near, first } = this.#shots.next(frame, frame.timeSeconds);
    this.#sinceTiles++;
    if (verdict === 'cut') this.#cutHere(frame);
    if (dense) for (const track of this.#live) track.chances++;
    const every = dense ? this.#detectEvery : detectEveryNear;
    const calm = near && verdict === 'same' && this.#live.length > 0 && this.#sinceLook < every - 1;
    if (calm && (await this.#followAll(frame, dense ? held.dense : held.near))) {
      this.#sinceLook++;
      return this.#shown(frame, false);
    }
    this.#sinceLook = 0;
    const found = await this.#look(frame, dense, first || verdict === 'cut');
    const stayed = await this.#associate(frame, found, dense, verdict);
    return this.#shown(frame, verdict === 'cut' || !stayed);
  }

  /** Follows every live track with the mesh; false, and nothing changed, where any of them is lost or doubtful. */
  async #followAll(frame: Frame, least: Held): Promise<boolean> {
    if (this.#live.some((track) => track.missed > 0)) return false;
    const faces = await this.#source.follow(
      frame,
      this.#live.map((track) => track.last),
    );
    const sure = faces.every(
      (face, i) =>
        stillThere(this.#live[i].last, face, least) &&
        !faces.some((other, k) => k < i && iou(other.box, face.box) > 0.3),
    );
    if (sure) for (const [i, face] of faces.entries()) this.#extend(this.#live[i], frame, face);
    return sure;
  }

  async #look(frame: Frame, dense: boolean, newShot: boolean): Promise<Face[]> {
    const due = this.#sinceTiles >= (dense ? tileEvery.dense : tileEvery.sparse);
    const small = smallShare * Math.min(frame.width, frame.height);
    const options: FindOptions = {
      leastMesh: 0,
      tiles: due ? (newShot ? 'always' : 'auto') : 'never',
      near: this.#live.filter(({ last }) => last.box.width < small).map(({ last }) => last.box),
    };
    const found = await this.#source.find(frame, options);
    const fit = found.filter((face) => face.meshConfidence >= goodMesh);
    if (due && (newShot || fit.length === 0)) this.#sinceTiles = 0;
    // Weak detections without a mesh are patterns and hands: no face was left out there.
    const unfit = found.filter((face) => face.meshConfidence < goodMesh && face.confidence >= surelyFace);
    this.#drop(noMeshFits, unfit.length);
    return fit;
  }

  /** Gives found faces to tracks or new tracks. False where nobody stayed and the picture changed: a cut. */
  async #associate(
    frame: Frame,
    faces: readonly Face[],
    dense: boolean,
    verdict: ShotChange['verdict'],
  ): Promise<boolean> {
    const tracks = [...this.#live];
    const boxes = faces.map((face) => face.box);
    const changed = verdict === 'unsure' || verdict === 'likely';
    const settled = changed
      ? []
      : plainPairs(
          tracks.map(({ last }) => last.box),
          boxes,
          dense ? 0.3 : 0.5,
        ).filter(({ track }) => tracks[track].missed === 0);
    const pairs = [...settled, ...(await this.#byLikeness(frame, tracks, faces, settled, changed))];
    let stayed = true;
    if (changed && pairs.length === 0 && (tracks.length > 0 || verdict === 'likely')) {
      this.#cutHere(frame);
      stayed = false;
    }
    for (const { track, face } of pairs) this.#extend(tracks[track], frame, faces[face]);
    const lost = stayed ? tracks.filter((_, i) => !pairs.some(({ track }) => track === i)) : [];
    await this.#chase(frame, lost, dense && verdict === 'same', boxes);
    for (const [i, face] of faces.entries()) {
      if (!pairs.some((pair) => pair.face === i)) this.#begin(frame, face);
    }
    return stayed;
  }

  /** Pairs among what position left open, by descriptor. */
  async #byLikeness(
    frame: Frame,
    tracks: readonly Live[],
    faces: readonly Face[],
    settled: readonly Pair[],
    changed: boolean,
  ): Promise<Pair[]> {
    const openTracks = [...tracks.keys()].filter((i) => !settled.some(({ track }) => track === i));
    const openFaces = [...faces.keys()].filter((i) => !settled.some(({ face }) => face === i));
    if (openTracks.length === 0 || openFaces.length === 0) return [];
    const describe = this.#source.describe.bind(this.#source);
    const vectors = await describe(openFaces.map((i) => this.#source.portrait(frame, faces[i])));
    const candidates: Pair[] = [];
    for (const track of openTracks) {
      const known = await tracks[track].likeness.vector(describe);
      for (const [k, face] of openFaces.entries()) {
        const near = closeness(tracks[track].last.box, faces[face].box);
        // Where the picture changed, the same person elsewhere or at another size is another camera: a cut.
        if (changed && !(near > 0 && alikeInSize(tracks[track].last.box, faces[face].box))) continue;
        const score = belonging(near, similarity(known, vectors[k]));
        if (score !== undefined) candidates.push({ track, face, score });
      }
    }
    return greedyPairs(candidates);
  }

  /** Tracks that a fresh look missed: the mesh may still hold them; otherwise they wait, then end. */
  async #chase(frame: Frame, lost: readonly Live[], neighbour: boolean, taken: Face['box'][]): Promise<void> {
    const meshes = neighbour
      ? await this.#source.follow(
          frame,
          lost.map((track) => track.last),
        )
      : [];
    for (const [i, track] of lost.entries()) {
      const face = meshes[i];
      track.missed++;
      const stays = face && track.missed <= mostMissed && stillThere(track.last, face, held.dense);
      if (stays && !taken.some((box) => iou(box, face.box) > 0.2)) {
        const { missed } = track;
        this.#extend(track, frame, face);
        track.missed = missed;
      } else if (
        track.missed > mostMissed &&
        frame.timeSeconds - track.last.timeSeconds > mostMissedSeconds
      ) {
        this.#end([track]);
      }
    }
  }

  #begin(frame: Frame, face: Face): void {
    const last = tracked(frame, face);
    const likeness = new Likeness();
    likeness.add(this.#source.portrait(frame, face), frame.timeSeconds);
    this.#live.push({ id: this.#nextId++, faces: [last], last, likeness, missed: 0, chances: 0 });
  }

  #extend(track: Live, frame: Frame, face: Face): void {
    if (track.likeness.wants(face, frame.timeSeconds)) {
      track.likeness.add(this.#source.portrait(frame, face), frame.timeSeconds);
    }
    if (!this.#keepMeshes) track.faces[track.faces.length - 1] = { ...track.last, mesh: new Float32Array(0) };
    track.last = tracked(frame, face);
    track.faces.push(track.last);
    track.missed = 0;
  }

  #cutHere(frame: Frame): void {
    this.#cuts.push({ frameIndex: frame.index, timeSeconds: frame.timeSeconds });
    this.#end(this.#live);
  }

  #end(tracks: readonly Live[]): void {
    const ending = [...tracks];
    this.#live = this.#live.filter((track) => !ending.includes(track));
    for (const track of ending) {
      if (track.faces.length < leastFaces && track.chances >= leastFaces) {
        this.#drop('seen too briefly to be a face', track.faces.length);
      } else if (medianMesh(track.faces) < leastTrackMesh) this.#drop(noMeshFits, track.faces.length);
      else this.#ended.push(track);
    }
  }

  /** Portraits of ended tracks become descriptors before they fill the memory. */
  async #describeOldest(): Promise<void> {
    const describe = this.#source.describe.bind(this.#source);
    while (this.#ended.length - this.#described > mostWaiting) {
      await this.#ended[this.#described++].likeness.vector(describe);
    }
  }

  #drop(reason: string, count: number): void {
    if (count > 0) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count);
  }

  #shown(frame: Frame, cut: boolean): FollowedFrame {
    const here = this.#live.filter(({ last }) => last.frameIndex === frame.index);
    return { frame, cut, faces: here.map(({ id, last }) => ({ trackId: id, face: last })) };
  }

  async #finish(): Promise<void> {
    const ended = this.#ended.sort((a, b) => a.id - b.id);
    let people = [1];
    if (ended.length > 1) {
      const describe = this.#source.describe.bind(this.#source);
      const vectors: Float32Array[] = [];
      for (const track of ended) vectors.push(await track.likeness.vector(describe));
      const frames = ended.map(({ faces }) => new Set(faces.map((face) => face.frameIndex)));
      people = groupPeople(vectors, (a, b) => [...frames[a]].some((index) => frames[b].has(index)));
    }
    this.#tracks = ended.map(({ id, faces }, i) => ({ id, person: people[i], faces }));
  }
}

interface Held {
  overlap: number;
  mesh: number;
}

/** Whether a followed mesh is the same face a moment later: it fits, and did not leap or change its size. */
function stillThere(before: Face, now: Face, { overlap, mesh }: Held): boolean {
  return now.meshConfidence >= mesh && iou(before.box, now.box) > overlap;
}

function medianMesh(faces: readonly Face[]): number {
  const flags = faces.map((face) => face.meshConfidence).sort((a, b) => a - b);
  return flags[flags.length >> 1];
}

function tracked(frame: Frame, face: Face): TrackedFace {
  return { ...face, frameIndex: frame.index, timeSeconds: frame.timeSeconds };
}
