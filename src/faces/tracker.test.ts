import { describe, expect, it } from 'vitest';
import type { Frame, Picture } from '../media/types.ts';
import type { FaceSource } from './finder.ts';
import { unit } from './identity.ts';
import { groupPeople } from './people.ts';
import { compareShots, ShotDetector, shotSignature } from './shots.ts';
import { FaceTracker, type FollowedFrame } from './tracker.ts';
import type { Face } from './types.ts';

/** Somebody in a scripted frame: a person's number and where their 40 px face is. */
interface Scripted {
  person: number;
  x: number;
  y?: number;
  mesh?: number;
}
interface Script {
  /** Seeds the background: another number is another shot. */
  scene: number;
  people: Scripted[];
}

const size = 40;

/** Each scene is blocks of random colours; what varies in a shot is a little noise. */
const scenesDrawn = new Map<number, Picture>();
function background(scene: number): Picture {
  const drawn = scenesDrawn.get(scene);
  if (drawn) return drawn;
  const picture = { width: 320, height: 180, data: new Uint8Array(320 * 180 * 3) };
  for (let y = 0; y < 180; y++)
    for (let x = 0; x < 320; x++)
      for (let c = 0; c < 3; c++) {
        const block = Math.floor(x / 40) * 7 + Math.floor(y / 30) * 13 + c * 5 + scene * 101;
        picture.data[(y * 320 + x) * 3 + c] = Math.abs(Math.sin(block * 12.9898) * 200) + (x % 3);
      }
  scenesDrawn.set(scene, picture);
  return picture;
}

function faceOf({ person, x, y = 60, mesh = 1 }: Scripted): Face {
  const points = new Float32Array(468 * 3);
  points[0] = person;
  return { box: { x, y, width: size, height: size }, confidence: 0.9, meshConfidence: mesh, mesh: points };
}

/** Answers from the script; the person's number travels in the mesh, and in the portraits' width. */
class ScriptedSource implements FaceSource {
  finds = 0;
  describes = 0;
  readonly script: Script[];
  constructor(script: Script[]) {
    this.script = script;
  }
  #people(picture: Picture): Scripted[] {
    return this.script[(picture as Frame).index].people;
  }
  async find(picture: Picture): Promise<Face[]> {
    this.finds++;
    return this.#people(picture).map(faceOf);
  }
  /** Holds on to whatever is nearest, as a mesh does. */
  async follow(picture: Picture, faces: readonly Face[]): Promise<Face[]> {
    return faces.map((face) => {
      const near = this.#people(picture)
        .map(faceOf)
        .sort((a, b) => Math.abs(a.box.x - face.box.x) - Math.abs(b.box.x - face.box.x))[0];
      return near ?? { ...face, meshConfidence: 0 };
    });
  }
  portrait(_: Picture, face: Face): Picture {
    return { width: face.mesh[0], height: 0, data: new Uint8Array(0) };
  }
  async describe(portraits: readonly Picture[]): Promise<Float32Array[]> {
    this.describes += portraits.length;
    return portraits.map(({ width }) => Float32Array.from({ length: 8 }, (_, i) => (i === width ? 1 : 0)));
  }
}

async function track(script: Script[], secondsApart: number) {
  const source = new ScriptedSource(script);
  const tracker = new FaceTracker(source);
  const shown: FollowedFrame[] = [];
  const frames = async function* (): AsyncGenerator<Frame> {
    for (const [index, { scene }] of script.entries()) {
      yield { ...background(scene), index, timeSeconds: index * secondsApart, keyFrame: false };
    }
  };
  for await (const step of tracker.follow(frames())) shown.push(step);
  const tracks = tracker.tracks().map((one) => ({
    ...one,
    people: [...new Set(one.faces.map((face) => face.mesh[0]))],
    frames: one.faces.map((face) => face.frameIndex),
  }));
  return { source, tracker, tracks, shown };
}

const scenes = (count: number, people: (index: number) => Scripted[], scene = 1): Script[] =>
  Array.from({ length: count }, (_, i) => ({ scene, people: people(i) }));

describe('tracker', () => {
  it('dense: one person is one track, looked at afresh every fifth frame, never described', async () => {
    const { source, tracks, shown } = await track(
      scenes(20, (i) => [{ person: 1, x: 100 + 2 * i }]),
      0.04,
    );
    expect(tracks).toHaveLength(1);
    expect(tracks[0]).toMatchObject({ id: 1, person: 1, people: [1] });
    expect(tracks[0].frames).toEqual([...Array(20).keys()]);
    expect(source.finds).toBe(4);
    expect(source.describes).toBe(0);
    expect(shown.every(({ faces }) => faces.length === 1 && faces[0].trackId === 1)).toBe(true);
  });

  it('near: every third frame is looked at afresh, and a newcomer is seen within it', async () => {
    const { source, tracks } = await track(
      scenes(18, (i) => [{ person: 1, x: 100 + 2 * i }, ...(i >= 7 ? [{ person: 2, x: 220 }] : [])]),
      0.4,
    );
    expect(source.finds).toBe(6);
    expect(tracks.map(({ people }) => people)).toEqual([[1], [2]]);
    expect(tracks[0].frames).toHaveLength(18);
    expect(tracks[1].frames[0]).toBe(9);
  });

  it('near: a mesh that slid, or fits badly, is looked at again', async () => {
    const leaping = await track(
      scenes(9, (i) => [{ person: 1, x: 60 + 20 * i }]),
      0.4,
    );
    expect(leaping.source.finds).toBe(9);
    const poor = await track(
      scenes(9, () => [{ person: 1, x: 60, mesh: 0.7 }]),
      0.4,
    );
    expect(poor.source.finds).toBe(9);
    expect(poor.tracks).toHaveLength(1);
  });

  for (const { apart, name } of [
    { apart: 0.04, name: 'dense' },
    { apart: 1, name: 'sparse' },
  ]) {
    it(`${name}: two people who cross keep their tracks`, async () => {
      const { tracks } = await track(
        scenes(24, (i) => [
          { person: 1, x: 20 + 10 * i },
          { person: 2, x: 250 - 10 * i, y: 66 },
        ]),
        apart,
      );
      expect(tracks.map(({ people }) => people)).toEqual([[1], [2]]);
      expect(tracks.map(({ faces }) => faces.length)).toEqual([24, 24]);
      expect(tracks.map(({ person }) => person)).toEqual([1, 2]);
    });

    it(`${name}: a cut ends tracks; the same person afterwards is a new track of the same person`, async () => {
      const script = [
        ...scenes(8, () => [{ person: 3, x: 100 }]),
        ...scenes(8, () => [{ person: 4, x: 100 }], 2),
        ...scenes(8, () => [{ person: 3, x: 102 }], 3),
      ];
      const { tracks, tracker, shown } = await track(script, apart);
      expect(tracker.cuts().map((cut) => cut.frameIndex)).toEqual([8, 16]);
      expect(shown.filter(({ cut }) => cut).map(({ frame }) => frame.index)).toEqual([8, 16]);
      expect(tracks.map(({ people }) => people)).toEqual([[3], [4], [3]]);
      expect(tracks.map(({ person }) => person)).toEqual([1, 2, 1]);
    });
  }

  it('sparse: another person in the same place of the same scene is another track', async () => {
    const script = [
      ...scenes(4, () => [{ person: 1, x: 100 }]),
      ...scenes(3, () => []),
      ...scenes(4, () => [{ person: 2, x: 100 }]),
    ];
    const { tracks } = await track(script, 2);
    expect(tracks.map(({ people }) => people)).toEqual([[1], [2]]);
  });

  it('a short gap is bridged, a long one is not', async () => {
    const gap = (from: number, to: number) =>
      scenes(30, (i) => (i >= from && i < to ? [] : [{ person: 1, x: 100 }]));
    const short = await track(gap(10, 13), 0.04);
    expect(short.tracks.map(({ faces }) => faces.length)).toEqual([27]);
    const long = await track(gap(5, 28), 0.1);
    expect(long.tracks.map(({ person }) => person)).toEqual([1, 1]);
  });

  it('lists what it leaves out: flickers and faces that no mesh fits', async () => {
    const { tracks, tracker } = await track(
      scenes(20, (i) => [
        { person: 1, x: 100 },
        ...(i === 5 ? [{ person: 2, x: 250 }] : []),
        ...(i === 0 ? [{ person: 3, x: 20, mesh: 0.1 }] : []),
      ]),
      0.04,
    );
    expect(tracks.map(({ id }) => id)).toEqual([1]);
    expect(tracker.dropped()).toEqual([
      { reason: 'face turned away or hidden (no mesh fits)', count: 1 },
      { reason: 'seen too briefly to be a face', count: 1 },
    ]);
  });
});

describe('people', () => {
  it('are grouped by likeness, but never two who were seen together', () => {
    const vector = (...values: number[]) => unit(Float32Array.from(values));
    const vectors = [vector(1, 0), vector(0, 1), vector(1, 0.2), vector(1, 0.05)];
    expect(groupPeople(vectors, () => false)).toEqual([1, 2, 1, 1]);
    expect(groupPeople(vectors, (a, b) => a === 0 && b === 2)).toEqual([1, 2, 3, 1]);
  });
});

describe('shots', () => {
  const at = (picture: Picture, seconds: number) => shotSignature(picture, seconds);
  const shifted = (picture: Picture, pixels: number): Picture => {
    const data = new Uint8Array(picture.data.length);
    for (let y = 0; y < picture.height; y++) {
      const line = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
      data.set(line.subarray(pixels * 3), y * picture.width * 3);
      data.set(line.subarray(0, pixels * 3), (y * picture.width + picture.width - pixels) * 3);
    }
    return { ...picture, data };
  };

  it('another scene is a cut, the same one is not', () => {
    expect(compareShots(at(background(1), 0), at(background(2), 0.04)).verdict).toBe('cut');
    expect(compareShots(at(background(1), 0), at(background(1), 0.04))).toMatchObject({
      colour: 0,
      verdict: 'same',
    });
  });

  it('a pan moves the layout and keeps the colours: never a sure cut', () => {
    const change = compareShots(at(background(1), 0), at(shifted(background(1), 80), 2));
    expect(change.correlation).toBeLessThan(0.5);
    expect(change.verdict).toBe('unsure');
    expect(compareShots(at(background(1), 0), at(shifted(background(1), 4), 0.04)).verdict).toBe('same');
  });

  it('a leap in a steady shot is a cut; the same change in a lively one is not', () => {
    // A share of the frame's rows takes another scene's colours.
    const mixed = (rows: number): Picture => {
      const data = background(1).data.slice();
      data.set(background(2).data.subarray(0, rows * 320 * 3));
      return { ...background(1), data };
    };
    const steady = new ShotDetector();
    const verdicts = [0, 0, 0, 0, 50].map((rows, i) => steady.next(mixed(rows), 2 * i).verdict);
    expect(verdicts).toEqual(['same', 'same', 'same', 'same', 'cut']);
    const lively = new ShotDetector();
    const others = [0, 50, 0, 50, 0, 50].map((rows, i) => lively.next(mixed(rows), 2 * i).verdict);
    expect(others).not.toContain('cut');
  });

  it('a slightly brighter frame is no cut', () => {
    const bright = { ...background(1), data: background(1).data.map((value) => Math.min(255, value + 4)) };
    expect(compareShots(at(background(1), 0), at(bright, 0.04)).verdict).not.toBe('cut');
  });
});
