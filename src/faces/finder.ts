/** Faces in one picture: BlazeFace on the whole frame, on a padded one or on tiles, then a mesh for each. */
import { type Box, centre, iou, squareAround } from '../base/geometry.ts';
import type { Picture } from '../media/types.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { BlazeFace, overlapOfOneFace } from './blazeface.ts';
import { FaceMesh, type Roi, roiOfDetection, roiOfMesh } from './facemesh.ts';
import { Identity, portraitOf } from './identity.ts';
import { tightBox } from './landmarks.ts';
import type { ModelFiles } from './model-files.ts';
import { type Detection, weightedNms } from './nms.ts';
import { isWholeInTile, paddedFrame, tiles, wholeFrame } from './tiles.ts';
import type { Face } from './types.ts';

export interface FinderOptions extends Pick<SessionOptions, 'device' | 'threads'> {
  /** Where the networks come from: the installed package in Node, the server in a browser. */
  files: ModelFiles;
}

export interface FindOptions {
  /** Tiles for small faces: `auto` only when the whole frame shows none. */
  tiles?: 'auto' | 'always' | 'never';
  /** Where small faces were a moment ago; looked at closely when the tiles are not. */
  near?: readonly Box[];
  /** Faces whose mesh flag is lower are left out; 0.5 by default. */
  leastMesh?: number;
}

/** Least detector score: BlazeFace's own default. */
const leastScore = 0.5;
/** In tiles, where what is weak is mostly a hand or a pattern. */
const leastTileScore = 0.6;
/** Side of the region around a small face, in sides of its box. */
const nearScale = 5;
/** A mesh flag below this is a bad fit: the picture may be a tight crop. */
export const goodMesh = 0.5;

/** What a tracker needs of a finder; tests script one. */
export interface FaceSource {
  find(picture: Picture, options?: FindOptions): Promise<Face[]>;
  /** The same faces in a near frame: meshes fitted where these were. In order; look at `meshConfidence`. */
  follow(picture: Picture, faces: readonly Face[]): Promise<Face[]>;
  /** The square that {@link describe} reads; cut while the frame is alive, described only when needed. */
  portrait(picture: Picture, face: Face): Picture;
  /** Unit vectors that tell people apart; see `identity.ts`. */
  describe(portraits: readonly Picture[]): Promise<Float32Array[]>;
}

export class FaceFinder implements FaceSource {
  readonly #detector: BlazeFace;
  readonly #mesher: FaceMesh;
  readonly #openIdentity: () => Promise<Identity>;
  #identity: Promise<Identity> | undefined;

  private constructor(detector: BlazeFace, mesher: FaceMesh, openIdentity: () => Promise<Identity>) {
    this.#detector = detector;
    this.#mesher = mesher;
    this.#openIdentity = openIdentity;
  }

  /** Throws FACE_MODEL_MISSING, FACE_MODEL_UNSUPPORTED, DEVICE_UNAVAILABLE. Two threads by default. */
  static async open({ files, device = 'cpu', threads = 2 }: FinderOptions) {
    const options = { device, threads };
    const [detector, mesher] = await Promise.all([
      BlazeFace.open(files, options),
      FaceMesh.open(files, options),
    ]);
    return new FaceFinder(detector, mesher, () => Identity.open(files, options));
  }

  /** The faces of a picture, largest first. */
  async find(picture: Picture, options: FindOptions = {}): Promise<Face[]> {
    const { width, height } = picture;
    const least = options.leastMesh ?? goodMesh;
    let faces = await this.#look(picture, [wholeFrame(width, height)]);
    const fits = () => faces.some((face) => face.meshConfidence >= goodMesh);
    // A face that fills the picture is found, or fitted, only when there is something around it.
    if (!fits())
      faces = dropDoubles([...faces, ...(await this.#look(picture, [paddedFrame(width, height)]))]);
    const mode = options.tiles ?? 'auto';
    if (mode === 'always' || (mode === 'auto' && !fits())) {
      faces = dropDoubles([...faces, ...(await this.#lookSmall(picture, tiles(width, height), faces))]);
    } else if (options.near && options.near.length > 0) {
      const regions = options.near.map((box) => squareAround(box, nearScale));
      faces = dropDoubles([...faces, ...(await this.#lookSmall(picture, regions, faces))]);
    }
    return faces
      .filter((face) => face.meshConfidence >= least)
      .sort((p, q) => q.box.width * q.box.height - p.box.width * p.box.height);
  }

  async follow(picture: Picture, faces: readonly Face[]): Promise<Face[]> {
    const meshes = await this.#mesher.fit(
      picture,
      faces.map((face) => roiOfMesh(face.mesh)),
    );
    return meshes.map(({ points, flag }, i) => ({
      box: tightBox(points),
      confidence: faces[i].confidence,
      meshConfidence: flag,
      mesh: points,
    }));
  }

  portrait(picture: Picture, face: Face): Picture {
    return portraitOf(picture, face);
  }

  async describe(portraits: readonly Picture[]): Promise<Float32Array[]> {
    // Opened at the first need only: most clips show one person.
    this.#identity ??= this.#openIdentity();
    return (await this.#identity).describe(portraits);
  }

  /** Faces of regions that are small in them: what is large there is a piece of a face that is known already. */
  async #lookSmall(picture: Picture, regions: readonly Box[], known: readonly Face[]): Promise<Face[]> {
    const detections = (await this.#detector.detectEach(picture, regions, leastTileScore)).flatMap(
      (found, i) => found.filter(({ box }) => isWholeInTile(box, regions[i], picture.width, picture.height)),
    );
    const fresh = weightedNms(detections, overlapOfOneFace).filter(
      ({ box }) => !known.some((face) => face.meshConfidence >= goodMesh && covers(face.box, box)),
    );
    const faces = await this.#fit(picture, fresh, fresh.map(roiOfDetection));
    return faces.filter((face) => face.meshConfidence >= goodMesh);
  }

  async #look(picture: Picture, regions: readonly Box[]): Promise<Face[]> {
    const detections = await this.#detector.detect(picture, regions, leastScore);
    return dropDoubles(await this.#fit(picture, detections, detections.map(roiOfDetection)));
  }

  async #fit(picture: Picture, detections: readonly Detection[], rois: readonly Roi[]): Promise<Face[]> {
    const meshes = await this.#mesher.fit(picture, rois);
    return meshes.map(({ points, flag }, i) => ({
      box: tightBox(points),
      confidence: detections[i].score,
      meshConfidence: flag,
      mesh: points,
    }));
  }

  async close(): Promise<void> {
    await Promise.all([this.#detector.dispose(), this.#mesher.dispose()]);
    await (await this.#identity)?.dispose();
  }
}

/** Whether the centre of a box lies in a face. */
function covers(face: Box, box: Box): boolean {
  const { x, y } = centre(box);
  return x > face.x && x < face.x + face.width && y > face.y && y < face.y + face.height;
}

/** Two meshes on one face: the one that fits better stays. */
export function dropDoubles(faces: readonly Face[]): Face[] {
  const kept: Face[] = [];
  for (const face of [...faces].sort((p, q) => q.meshConfidence - p.meshConfidence)) {
    if (!kept.some((other) => iou(other.box, face.box) > 0.4)) kept.push(face);
  }
  return kept;
}
