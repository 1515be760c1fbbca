import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.ts';
import type { Picture } from '../../media/types.ts';
import { fitSimilarity, warpBox } from './align.ts';
import { blend, boundaryOf, maskBounds } from './blend.ts';
import { bottleneck } from './bottleneck.ts';
import { drawnFace } from './cases/drawn-face.ts';
import { recoloured, statistics, transferColour } from './colour.ts';
import {
  drawKind,
  type ForgeryKind,
  families,
  forgeryKinds,
  forgeryMixSchema,
  landmarkFault,
  makeForgery,
  nearestDonor,
  shapeOf,
} from './index.ts';
import { pairPostProcess, postProcess } from './post-process.ts';
import { pixelate, sharpen } from './sharpness.ts';

const source = drawnFace(10);
const donor = drawnFace(11);
const make = (kind: ForgeryKind, seed: number, raw = true) =>
  makeForgery(kind, source, new Random(seed, kind), {
    donor: families[kind].donor === 'required' ? donor : undefined,
    ...(raw && { postProcess: false as const }),
  });

it('the catalogue lists the folder', () => {
  const files = readdirSync(new URL('./families', import.meta.url))
    .filter((name) => !name.endsWith('.test.ts'))
    .map((name) => name.replace('.ts', ''));
  expect([...forgeryKinds].sort()).toEqual(files.sort());
  for (const kind of forgeryKinds) expect(families[kind].kind).toBe(kind);
});

describe.each(forgeryKinds)('%s', (kind) => {
  it('is the same for a seed, byte for byte, and another for another', async () => {
    const [a, b, c] = [await make(kind, 1, false), await make(kind, 1, false), await make(kind, 2, false)];
    for (const part of ['real', 'fake', 'mask'] as const) {
      expect(Buffer.compare(b[part].data, a[part].data), part).toBe(0);
    }
    expect(b.parameters).toEqual(a.parameters);
    expect(Buffer.compare(c.fake.data, a.fake.data)).not.toBe(0);
  });

  it('leaves the source as it was, and hands out none of its bytes', async () => {
    const before = source.picture.data.slice();
    const { real, fake } = await make(kind, 3);
    real.data.fill(0);
    fake.data.fill(0);
    expect(Buffer.compare(source.picture.data, before)).toBe(0);
  });

  if (kind === 'hard-negative') {
    it('is real, with an empty mask, and yet altered', async () => {
      const seen = new Set<unknown>();
      for (let seed = 0; seed < 24; seed++) {
        const { label, mask, real, fake, parameters } = await make(kind, seed);
        expect(label).toBe(0);
        expect(maskBounds(mask)).toBeUndefined();
        expect(Buffer.compare(fake.data, real.data)).not.toBe(0);
        expect(fake.data.length).toBe(real.data.length);
        seen.add(parameters.alteration);
      }
      expect(seen).toEqual(new Set(['resampled', 'recompressed', 'pixelated', 'sharpened']));
    });
    return;
  }

  it('differs from its real half inside the mask, and nowhere outside', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const { real, fake, mask, ratio, label } = await make(kind, seed);
      expect(label).toBe(1);
      expect(ratio).toBeGreaterThan(0);
      expect(Math.max(...mask.data)).toBeGreaterThan(200);
      let [outside, changed, inside] = [0, 0, 0];
      for (let i = 0; i < mask.data.length; i++) {
        const at = 3 * i;
        const same =
          real.data[at] === fake.data[at] &&
          real.data[at + 1] === fake.data[at + 1] &&
          real.data[at + 2] === fake.data[at + 2];
        if (mask.data[i] === 0 && !same) outside++;
        if (mask.data[i] > 200) {
          inside++;
          if (!same) changed++;
        }
      }
      expect(outside).toBe(0);
      // SBI at a quarter's strength may leave single pixels alone.
      expect(changed / inside).toBeGreaterThan(0.3);
    }
  });

  it('keeps its mask on the head', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const box = maskBounds((await make(kind, seed)).mask);
      // Eyes at (110, 101), 50 px apart: ears at 52 and 168, chin at 191, hairline at about 30.
      expect(box?.x).toBeGreaterThan(25);
      expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThan(195);
      expect(box?.y).toBeGreaterThan(10);
      expect((box?.y ?? 0) + (box?.height ?? 999)).toBeLessThan(225);
    }
  });
});

it('self-blending lets neither side keep the changed look: real is the picture itself about half of the time', async () => {
  let untouched = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { real, parameters } = await make('self-blend', seed);
    const same = Buffer.compare(real.data, source.picture.data) === 0;
    expect(same).toBe(parameters.changed === 'source');
    if (same) untouched++;
  }
  expect(untouched).toBeGreaterThan(10);
  expect(untouched).toBeLessThan(30);
});

describe('the blend', () => {
  const flat = (value: number): Picture => ({ width: 2, height: 1, data: new Uint8Array(6).fill(value) });

  it('is target + ratio m (source - target), rounded', () => {
    const mask = { width: 2, height: 1, data: Uint8Array.of(0, 102) };
    // 102 / 255 = .4; 200 + .5 · .4 · (10 - 200) = 162.
    expect([...blend(flat(200), flat(10), mask, 0.5).data]).toEqual([200, 200, 200, 162, 162, 162]);
    const random = new Random(1);
    for (let i = 0; i < 500; i++) {
      const [t, s, m] = [0, 1, 2].map(() => random.integer(0, 255));
      const [got] = blend(flat(t), flat(s), { width: 2, height: 1, data: Uint8Array.of(m, m) }, 0.75).data;
      expect(Math.abs(got - (t + ((0.75 * m) / 255) * (s - t)))).toBeLessThanOrEqual(0.5 + 1e-9);
    }
  });

  it('has the boundary 4 m (1 - m)', () => {
    const { data } = boundaryOf({ width: 5, height: 1, data: Uint8Array.of(0, 51, 127, 204, 255) });
    expect([...data]).toEqual([0, 163, 255, 163, 0]);
  });
});

describe('joint post-processing', () => {
  it('treats both pictures alike: where they agreed in a whole block, they still do', async () => {
    const { real, fake } = await make('mouth-blend', 5);
    let coded = 0;
    for (let seed = 0; seed < 8; seed++) {
      const { pictures, parameters } = await postProcess([real, fake], pairPostProcess, new Random(seed));
      if (parameters.jpeg !== undefined) coded++;
      // The upper quarter is far from the mouth.
      const quarter = 48 * real.width * 3;
      const [a, b] = pictures.map(({ data }) => data.subarray(0, quarter));
      expect(Buffer.compare(a, b)).toBe(0);
      expect(Buffer.compare(pictures[0].data, pictures[1].data)).not.toBe(0);
    }
    expect(coded).toBeGreaterThan(0);
    expect(coded).toBeLessThan(8);
  });

  it('draws as much whatever comes of it, so that nothing later depends on it', async () => {
    const next = async (jpegProbability: number) => {
      const random = new Random(3);
      await postProcess([source.picture], { ...pairPostProcess, jpegProbability }, random);
      return random.next();
    };
    expect(await next(0)).toBe(await next(1));
  });
});

describe('donors', () => {
  const shift = (by: number) => source.points.map(({ x, y }) => ({ x: 3 * x + by, y: 3 * y - by }));

  it('are the nearest shape of somebody else, wherever and however large it is', () => {
    const candidates = [
      { sourceId: 'self', shape: shapeOf(shift(1)) },
      { sourceId: 'far', shape: shapeOf(source.points.map(({ x, y }) => ({ x: 0.7 * x, y }))) },
      { sourceId: 'near', shape: shapeOf(shift(40)) },
    ];
    const found = nearestDonor(source.points, 'self', candidates);
    expect(found?.index).toBe(2);
    expect(found?.distance).toBeLessThan(1e-6);
    expect(nearestDonor(source.points, 'self', candidates.slice(0, 1))).toBeUndefined();
  });

  it('are required by swaps and blends of two', async () => {
    await expect(makeForgery('face-swap', source, new Random(1))).rejects.toThrow('donor');
    await expect(makeForgery('face-blend', source, new Random(1))).rejects.toThrow('donor');
  });

  it('lend their mouth as another frame', async () => {
    const pair = await makeForgery('mouth-blend', source, new Random(1), { donor, postProcess: false });
    expect(pair.parameters.from).toBe('frame');
  });
});

describe('parts', () => {
  it('a fitted similarity undoes a turn, a scale and a shift', () => {
    const [c, s] = [1.3 * Math.cos(0.4), 1.3 * Math.sin(0.4)];
    const moved = source.points.map(({ x, y }) => ({ x: c * x - s * y + 7, y: s * x + c * y - 9 }));
    const fitted = fitSimilarity(source.points, moved);
    for (const [i, value] of [c, -s, 7, s, c, -9].entries()) expect(fitted[i]).toBeCloseTo(value, 6);
  });

  it('an identity warp copies its box and nothing else', () => {
    const { picture } = source;
    const box = { x: 30, y: 40, width: 50, height: 20 };
    const out = warpBox(picture, [1, 0, 0, 0, 1, 0], picture.width, picture.height, box);
    const mask = {
      width: picture.width,
      height: picture.height,
      data: new Uint8Array(picture.data.length / 3),
    };
    for (let i = 0; i < mask.data.length; i++) mask.data[i] = out.data[3 * i] > 0 ? 1 : 0;
    expect(maskBounds(mask)).toEqual(box);
    const row = (50 * picture.width + 30) * 3;
    expect(out.data.subarray(row, row + 150)).toEqual(picture.data.subarray(row, row + 150));
  });

  it('colour transfer gives the source the target’s mean, and deviation where asked', () => {
    const other = recoloured(donor.picture, [0.6, 0, 0, -20, 0, 0.6, 0, 30, 0, 0, 0.6, 10]);
    const mask = { width: 220, height: 240, data: new Uint8Array(220 * 240).fill(255, 20_000, 30_000) };
    const target = statistics(source.picture, mask);
    for (const transfer of ['mean', 'mean-deviation'] as const) {
      const got = statistics(transferColour(source.picture, other, mask, transfer, 10), mask);
      for (const k of [0, 1, 2]) {
        expect(Math.abs(got[k].mean - target[k].mean)).toBeLessThan(0.6);
        if (transfer === 'mean-deviation') expect(got[k].deviation / target[k].deviation).toBeCloseTo(1, 1);
      }
    }
    const low = statistics(transferColour(source.picture, other, mask, 'low-pass', 10), mask);
    for (const k of [0, 1, 2]) expect(Math.abs(low[k].mean - target[k].mean)).toBeLessThan(3);
  });

  it('sharpening follows its formula, pixelating keeps a flat picture and drops detail', () => {
    const data = new Uint8Array(75).fill(100);
    data[(2 * 5 + 2) * 3] = 120;
    const spot = sharpen({ width: 5, height: 5, data }, 0.25);
    // 120 + .25 (8 · 120 - 8 · 100) = 160; its neighbours 100 - .25 · 20 = 95.
    expect(spot.data[(2 * 5 + 2) * 3]).toBe(160);
    expect(spot.data[(1 * 5 + 1) * 3]).toBe(95);
    expect(spot.data[0]).toBe(100);
    const flat = { width: 9, height: 7, data: new Uint8Array(189).fill(77) };
    expect(pixelate(flat, 4)).toEqual(flat);
    const detail = (picture: Picture) =>
      picture.data.reduce((sum, value, i) => sum + (i >= 3 ? Math.abs(value - picture.data[i - 3]) : 0), 0);
    expect(detail(pixelate(source.picture, 4))).toBeLessThan(0.5 * detail(source.picture));
  });

  it('the bottleneck keeps what is coarse, loses what is fine, and keeps all with enough variables', () => {
    const wave = (period: number): Picture => {
      const data = new Uint8Array(64 * 64 * 3);
      for (let i = 0; i < 64 * 64; i++)
        data.fill(128 + 60 * Math.cos((2 * Math.PI * ((i % 64) + 0.5)) / period), 3 * i, 3 * i + 3);
      return { width: 64, height: 64, data };
    };
    const spread = ({ data }: Picture) => Math.max(...data) - Math.min(...data);
    expect(spread(bottleneck(wave(32), 1024))).toBeGreaterThan(110);
    expect(spread(bottleneck(wave(4), 1024))).toBeLessThan(10);
  });
});

describe('what cannot be forged', () => {
  it('is named', () => {
    const { picture, points } = source;
    expect(landmarkFault(source)).toBeUndefined();
    expect(landmarkFault({ picture, points: points.slice(1) })).toContain('67');
    expect(landmarkFault({ picture, points: points.map(() => ({ x: Number.NaN, y: 0 })) })).toContain(
      'finite',
    );
    expect(
      landmarkFault({ picture, points: points.map(({ x, y }) => ({ x: x / 10, y: y / 10 })) }),
    ).toContain('smaller');
    expect(landmarkFault({ picture, points: points.map(({ x, y }) => ({ x: x + 150, y })) })).toContain(
      'inside',
    );
  });

  it('is refused', async () => {
    const cut = { picture: source.picture, points: source.points.slice(1) };
    await expect(makeForgery('self-blend', cut, new Random(1))).rejects.toThrow('67 landmarks');
  });
});

it('kinds are drawn by weight, and a mix without one is refused', () => {
  const random = new Random(1);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 4000; i++) {
    const kind = drawKind({ 'self-blend': 3, 'face-swap': 1, 'hard-negative': 0 }, random);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  expect(Object.keys(counts).sort()).toEqual(['face-swap', 'self-blend']);
  expect(counts['self-blend'] / 4000).toBeCloseTo(0.75, 1);
  expect(forgeryMixSchema.safeParse({ 'self-blend': 0 }).success).toBe(false);
  expect(forgeryMixSchema.safeParse({ 'self-blent': 1 }).success).toBe(false);
  expect(forgeryMixSchema.safeParse({ 'self-blend': 1 }).success).toBe(true);
});
