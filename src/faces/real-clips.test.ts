import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveSharedData, shared, skipReason } from '../../test/shared-data.ts';
import { openClip } from '../media/open.ts';
import { parseSampling } from '../media/sampling.ts';
import type { Frame } from '../media/types.ts';
import type { FaceFinder } from './finder.ts';
import { maybeSamePerson, samePerson, similarity } from './identity.ts';
import { fivePoints } from './landmarks.ts';
import { openFinder } from './open-finder.ts';
import { FaceTracker } from './tracker.ts';

let finder: FaceFinder;
beforeAll(async () => {
  finder = await openFinder();
});
afterAll(() => finder.close());

async function framesOf(path: string, sampling: string): Promise<Frame[]> {
  const reader = await openClip(path);
  const frames: Frame[] = [];
  for await (const frame of reader.frames(parseSampling(sampling))) {
    frames.push({ ...frame, data: frame.data.slice() });
  }
  await reader.close();
  return frames;
}

const video = (name: string) => shared(`dev/videos/${name}`);

async function trackOf(name: string, sampling: string): Promise<FaceTracker> {
  const reader = await openClip(video(name));
  const tracker = new FaceTracker(finder);
  for await (const _ of tracker.follow(reader.frames(parseSampling(sampling)))) {
    // Only the end counts here.
  }
  await reader.close();
  return tracker;
}

describe('without clips', () => {
  it('an empty room, a 1x1 picture and a sliver have no face', async () => {
    const grey = (width: number, height: number) => ({
      width,
      height,
      data: new Uint8Array(width * height * 3).fill(90),
    });
    for (const picture of [grey(320, 240), grey(1, 1), grey(900, 2)]) {
      expect(await finder.find(picture)).toEqual([]);
    }
  });
});

describe.skipIf(!haveSharedData)(`faces in real clips${skipReason}`, () => {
  it.each([
    'grid-bbaf2n.mpg',
    'grid-swiz3n.mpg',
    'hdtf-WDA_KatieHill_000.mp4',
    'ffpp-c40-183.mp4',
    'liveportrait-d3.mp4',
    'dfdc-brtujopkby.mp4',
  ])('one well-fitted face in every sampled frame of %s, eyes above the mouth', async (name) => {
    for (const frame of await framesOf(video(name), 'even:2')) {
      const faces = await finder.find(frame);
      expect(faces).toHaveLength(1);
      expect(faces[0].meshConfidence).toBeGreaterThan(0.75);
      const [left, right, nose, leftMouth, rightMouth] = fivePoints(faces[0].mesh);
      expect(left.x).toBeLessThan(right.x);
      expect(Math.max(left.y, right.y)).toBeLessThan(nose.y);
      expect(nose.y).toBeLessThan(Math.min(leftMouth.y, rightMouth.y));
    }
  });

  it('two tracks where two people are, and none spans the cut', async () => {
    const tracker = await trackOf('several-people-cuts.mp4', 'range:10+13');
    expect(tracker.cuts().map((cut) => cut.frameIndex)).toEqual([20]);
    const spans = tracker
      .tracks()
      .map(({ faces }) => [faces[0].frameIndex, faces[faces.length - 1].frameIndex]);
    expect(spans).toEqual([
      [10, 19],
      [10, 19],
    ]);
    expect(new Set(tracker.tracks().map((track) => track.person)).size).toBe(2);
  });

  it('the singer is known again after a cut, at sixteen frames apart', async () => {
    const tracker = await trackOf('several-people-cuts.mp4', 'every:16');
    const long = tracker.tracks().filter(({ faces }) => faces.length >= 2);
    const singer = long.find(({ faces }) => faces[0].frameIndex === 96);
    expect(singer?.faces.length).toBeGreaterThanOrEqual(7);
    expect(singer?.person).toBe(tracker.tracks()[0].person);
    for (const { faces } of tracker.tracks()) {
      const shots = new Set(
        faces.map(({ frameIndex }) => [20, 82, 211].filter((cut) => frameIndex >= cut).length),
      );
      expect(shots.size).toBe(1);
    }
  });

  it('a handheld pan is one track', async () => {
    const tracker = await trackOf('dfdc-b-real.mp4', 'even:12');
    expect(tracker.tracks()).toHaveLength(1);
    expect(tracker.tracks()[0].faces.length).toBeGreaterThanOrEqual(7);
  });

  it('tells people apart, and knows one again', async () => {
    const vectors: Float32Array[] = [];
    for (const name of ['grid-bbaf2n.mpg', 'grid-swiz3n.mpg']) {
      for (const frame of await framesOf(video(name), 'even:2')) {
        const [face] = await finder.find(frame);
        vectors.push(...(await finder.describe([finder.portrait(frame, face)])));
      }
    }
    expect(similarity(vectors[0], vectors[1])).toBeGreaterThan(samePerson);
    expect(similarity(vectors[2], vectors[3])).toBeGreaterThan(samePerson);
    expect(similarity(vectors[0], vectors[2])).toBeLessThan(maybeSamePerson);
  });

  it('a batch of meshes is the meshes one by one', async () => {
    const [frame] = await framesOf(video('several-people-cuts.mp4'), 'range:5+1');
    const faces = await finder.find(frame, { tiles: 'always' });
    expect(faces).toHaveLength(2);
    const together = await finder.follow(frame, faces);
    for (const [i, face] of faces.entries()) {
      const [alone] = await finder.follow(frame, [face]);
      for (let k = 0; k < alone.mesh.length; k++) {
        expect(Math.abs(alone.mesh[k] - together[i].mesh[k])).toBeLessThan(0.05);
      }
    }
  });

  it('tight crops get a good mesh: at least 36 of 40', async () => {
    const folder = shared('train/dfdc-pairs/faces');
    const names = readdirSync(folder).sort().slice(0, 40);
    let good = 0;
    for (const name of names) {
      const [picture] = await framesOf(`${folder}/${name}`, 'even:1');
      const [face] = await finder.find(picture);
      if (face && face.meshConfidence > 0.9) good++;
    }
    expect(good).toBeGreaterThanOrEqual(36);
  });
});
