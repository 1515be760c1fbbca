import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.ts';
import { recompressH264 } from '../../media/recompress.ts';
import type { Picture } from '../../media/types.ts';
import { type Augment, augment, augmentations, augmentSchema, mesonetAugment, noAugment } from './index.ts';
import { compose, fourPoints } from './projective.ts';

const size = { width: 48, height: 48 };

/** Colour ramps with detail: anything done to it shows. */
function ramp(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set([40 + 3 * x, 60 + 2 * y, (x * 7 + y * 13) % 160], (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

/** Byte for byte; `toEqual` walks typed arrays element by element. */
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

const streams = (seed: number) => (name: string) => new Random(seed, name);
const run = async (recipe: unknown, seed = 1, picture = ramp(48, 48), mask?: Picture) =>
  augment(picture, mask, size, augmentSchema.parse(recipe), streams(seed));

/** Parameters under which each must do nothing. */
const identities: Record<string, object> = {
  flip: { probability: 0 },
  zoom: { factor: [1, 1] },
  rotation: { degrees: 0 },
  shift: { share: 0 },
  perspective: { distortion: 0 },
  brightness: { factor: [1, 1] },
  contrast: { factor: [1, 1] },
  saturation: { factor: [1, 1] },
  hue: { degrees: 0 },
  channelShift: { levels: 0 },
  downscale: { factor: [1, 1] },
  blur: { sigma: [0, 0] },
  noise: { deviation: [0, 0] },
  h264: { probability: 0 },
  jpeg: { probability: 0 },
  maskRegion: { side: [0, 0] },
};

const catalogue = Object.values(augmentations)
  .flat()
  .map(({ name }) => name);

describe.each(catalogue)('%s', (name) => {
  it('changes the picture, and draws anew for another item', async () => {
    const one = await run({ [name]: { probability: 1 } }, 1);
    expect(same(one.picture.data, ramp(48, 48).data)).toBe(false);
    expect(one.picture.data.length).toBe(48 * 48 * 3);
    const again = await run({ [name]: { probability: 1 } }, 1);
    expect(same(again.picture.data, one.picture.data)).toBe(true);
    if (name === 'flip') return;
    const other = await run({ [name]: { probability: 1 } }, 2);
    expect(same(other.picture.data, one.picture.data)).toBe(false);
  });

  it('does nothing with identity parameters, or with probability 0', async () => {
    const { picture } = await run({ [name]: identities[name] });
    const original = ramp(48, 48).data;
    // Colour matrices go through doubles, hue through rounded constants: a level at most.
    const tolerance = name === 'hue' ? 1 : 0;
    const worst = picture.data.reduce((most, value, i) => Math.max(most, Math.abs(value - original[i])), 0);
    expect(worst).toBeLessThanOrEqual(tolerance);
    expect(same((await run({ [name]: { probability: 0 } })).picture.data, original)).toBe(true);
  });

  it('refuses unknown keys', () => {
    expect(augmentSchema.safeParse({ [name]: { typo: 1 } }).success).toBe(false);
  });
});

describe('augmentations', () => {
  it('are all in the schema, which is strict', () => {
    expect(Object.keys(augmentSchema.shape).sort()).toEqual([...catalogue, 'fill'].sort());
    expect(augmentSchema.safeParse({ zooom: {} }).success).toBe(false);
    expect(augmentSchema.safeParse({ zoom: { factor: [1.2, 0.8] } }).success).toBe(false);
    expect(augmentSchema.parse({})).toEqual(noAugment);
  });

  it('have their exact values', async () => {
    const grey = (value: number): Picture => ({ ...size, data: new Uint8Array(48 * 48 * 3).fill(value) });
    const first = async (recipe: unknown, value: number) =>
      (await run(recipe, 1, grey(value))).picture.data[0];
    expect(await first({ brightness: { factor: [1.5, 1.5] } }, 100)).toBe(150);
    expect(await first({ brightness: { factor: [3, 3] } }, 100)).toBe(255);
    // A flat picture is its own mean and grey: contrast, saturation and hue leave it.
    expect(await first({ contrast: { factor: [3, 3] }, saturation: { factor: [0, 0] } }, 100)).toBe(100);
    expect(Math.abs((await first({ hue: { degrees: 180 } }, 100)) - 100)).toBeLessThanOrEqual(1);
    const grey2 = await run({ saturation: { factor: [0, 0] } });
    const [r, g, b] = ramp(48, 48).data.slice(30, 33);
    expect([...grey2.picture.data.slice(30, 33)]).toEqual(
      new Array(3).fill(Math.round(0.299 * r + 0.587 * g + 0.114 * b)),
    );
  });

  it('contrast stretches about the mean grey of what the brightness left', async () => {
    // Half 50, half 150: mean 100, brightness 1.2 makes 60 and 180 about 120; contrast 0.5 makes 90 and 150.
    const data = new Uint8Array(48 * 48 * 3).fill(50);
    data.fill(150, data.length / 2);
    const recipe = { brightness: { factor: [1.2, 1.2] }, contrast: { factor: [0.5, 0.5] } };
    const { picture } = await run(recipe, 1, { ...size, data });
    expect([picture.data[0], picture.data.at(-1)]).toEqual([90, 150]);
  });

  it('noise has the deviation asked for', async () => {
    const flat: Picture = { ...size, data: new Uint8Array(48 * 48 * 3).fill(128) };
    const { picture } = await run({ noise: { deviation: [8, 8] } }, 3, flat);
    const mean = picture.data.reduce((sum, v) => sum + v, 0) / picture.data.length;
    const variance = picture.data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / picture.data.length;
    expect(Math.abs(mean - 128)).toBeLessThan(0.5);
    expect(Math.sqrt(variance)).toBeCloseTo(8, 0);
  });

  it('keep their draws when another is switched on', async () => {
    const alone = await run({ rotation: {} }, 5);
    const both = await run({ rotation: {}, flip: { probability: 0 }, zoom: { factor: [1, 1] } }, 5);
    expect(same(both.picture.data, alone.picture.data)).toBe(true);
  });

  it('the MesoNet recipe has the ranges of public retrainings', () => {
    expect(mesonetAugment).toMatchObject({
      fill: 'edge',
      zoom: { factor: [0.8, 1.2] },
      rotation: { degrees: 15 },
      flip: { probability: 0.5 },
      brightness: { factor: [0.8, 1.2] },
      channelShift: { levels: 30 },
    });
  });
});

describe('geometry', () => {
  const geometric: unknown = {
    flip: { probability: 1 },
    zoom: {},
    rotation: {},
    shift: { share: 0.1 },
    perspective: {},
  };

  it.each([1, 2, 3, 4])('is the same for a mask of another size (seed %i)', async (seed) => {
    // A white disc off the centre on black, in the picture at 48 px and in the mask at 96 px.
    const disc = (side: number, channels: number): Picture => {
      const data = new Uint8Array(side * side * channels);
      for (let i = 0; i < side * side; i++) {
        const [x, y] = [((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side];
        if (Math.hypot(x - 0.4, y - 0.55) < 0.2) data.fill(255, i * channels, (i + 1) * channels);
      }
      return { width: side, height: side, data };
    };
    const { picture, mask } = await run(geometric, seed, disc(48, 3), disc(96, 1));
    let [both, either] = [0, 0];
    for (let i = 0; i < 48 * 48; i++) {
      const [a, b] = [picture.data[3 * i] > 127, (mask as Float32Array)[i] > 0.5];
      if (a && b) both++;
      if (a || b) either++;
    }
    expect(either).toBeGreaterThan(100);
    expect(both / either).toBeGreaterThan(0.93);
  });

  it('moves a marked corner where it should', async () => {
    const marked: Picture = { ...size, data: new Uint8Array(48 * 48 * 3) };
    marked.data.fill(255, 0, 3);
    const where = async (recipe: unknown) => {
      const { picture } = await run({ fill: 'zero', ...(recipe as object) }, 1, marked);
      const at = picture.data.indexOf(255) / 3;
      return [at % 48, Math.floor(at / 48)];
    };
    expect(await where({})).toEqual([0, 0]);
    expect(await where({ flip: { probability: 1 } })).toEqual([47, 0]);
    // Both turns by a right angle, drawn from [-90, 90], are rarely exact: a half zoom is.
    const small = (await run({ fill: 'zero', zoom: { factor: [0.5, 0.5] } }, 1, ramp(48, 48))).picture;
    const row = [...small.data.filter((_, i) => i % 3 === 0)].slice(24 * 48, 25 * 48);
    expect(row.findIndex((v) => v > 0)).toBe(12);
    expect(row.findLastIndex((v) => v > 0)).toBe(35);
  });

  it('shifts after zooming: the share is of what the network sees', async () => {
    const dot: Picture = { ...size, data: new Uint8Array(48 * 48 * 3) };
    for (const y of [23, 24]) dot.data.fill(255, (y * 48 + 23) * 3, (y * 48 + 25) * 3);
    const middle = async (recipe: object) => {
      const { data } = (await run({ fill: 'zero', ...recipe }, 3, dot)).picture;
      let [sum, x] = [0, 0];
      for (let i = 0; i < 48 * 48; i++) {
        sum += data[3 * i];
        x += data[3 * i] * (i % 48);
      }
      return x / sum;
    };
    const shift = { share: 0.3 };
    const moved = await middle({ shift });
    expect(Math.abs(moved - 23.5)).toBeGreaterThan(1);
    expect(Math.abs((await middle({ shift, zoom: { factor: [2, 2] } })) - moved)).toBeLessThan(0.3);
  });

  it('fills outside with the edge, or black', async () => {
    const white: Picture = { ...size, data: new Uint8Array(48 * 48 * 3).fill(255) };
    const edge = await run({ rotation: { degrees: 45 } }, 2, white);
    const zero = await run({ rotation: { degrees: 45 }, fill: 'zero' }, 2, white);
    expect(edge.picture.data.every((v) => v === 255)).toBe(true);
    expect(zero.picture.data[0]).toBe(0);
    expect(zero.picture.data[(24 * 48 + 24) * 3]).toBe(255);
  });

  it('stretches any size to the network, keeping means', async () => {
    for (const [width, height] of [
      [30, 30],
      [96, 96],
      [200, 70],
    ]) {
      const picture = ramp(width, height);
      picture.data = picture.data.map((_, i) => ((i % 3) + 1) * 60);
      const done = await augment(picture, undefined, size, noAugment, streams(1));
      expect([done.picture.width, done.picture.height]).toEqual([48, 48]);
      expect([...done.picture.data.slice(0, 3)]).toEqual([60, 120, 180]);
    }
  });

  it('composes maps as points do', () => {
    const square = [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
    ].map(([x, y]) => ({ x, y }));
    const bent = [
      [-0.9, -0.8],
      [0.7, -1],
      [1, 0.9],
      [-0.8, 0.6],
    ].map(([x, y]) => ({ x, y }));
    const there = fourPoints(bent, square);
    const [x, y, w] = [0, 3, 6].map((k) => there[k] * 0.7 + there[k + 1] * -1 + there[k + 2]);
    expect([x / w, y / w]).toEqual([expect.closeTo(1, 12), expect.closeTo(-1, 12)]);
    const identity = compose(there, fourPoints(square, bent));
    for (const [k, value] of identity.entries()) {
      expect(value / identity[8]).toBeCloseTo(k % 4 === 0 ? 1 : 0, 12);
    }
  });

  it('is one resampling: a full turn and back loses nothing', async () => {
    const recipe: Augment = { ...noAugment, zoom: { factor: [2, 2], probability: 1 } };
    const enlarged = await augment(ramp(48, 48), undefined, size, recipe, streams(1));
    // The centre keeps its neighbours: at twice the size every second pixel lies a quarter between two.
    const [a, b] = [ramp(48, 48).data[(23 * 48 + 23) * 3], ramp(48, 48).data[(23 * 48 + 24) * 3]];
    expect(enlarged.picture.data[(23 * 48 + 23) * 3]).toBe(Math.floor(0.75 * a + 0.25 * b + 0.5));
  });
});

describe('h264 after frames of motion', () => {
  const before = (count: number, crf: number) => ({ h264: { crf: [crf, crf], before: [count, count] } });
  /** A light square on a dark ground, and the centre of its light. */
  const square: Picture = { ...size, data: new Uint8Array(48 * 48 * 3).fill(30) };
  for (let y = 16; y < 32; y++) square.data.fill(220, (y * 48 + 16) * 3, (y * 48 + 32) * 3);
  const centre = ({ width, data }: Picture) => {
    let [light, x, y] = [0, 0, 0];
    for (const [i, value] of data.entries()) {
      const excess = Math.max(0, value - 60);
      light += excess;
      x += excess * (Math.floor(i / 3) % width);
      y += excess * Math.floor(i / 3 / width);
    }
    return [x / light, y / light];
  };

  it('differs from a key frame, and leaves the picture where it was', async () => {
    const key = (await run(before(0, 12), 1, square)).picture;
    expect(same(recompressH264(square, 12).data, key.data)).toBe(true);
    for (const seed of [1, 2, 3]) {
      const moved = (await run(before(6, 12), seed, square)).picture;
      expect(same(moved.data, key.data)).toBe(false);
      const [x, y] = centre(moved);
      expect(Math.hypot(x - 23.5, y - 23.5)).toBeLessThan(0.2);
    }
  });

  it('refuses a range the wrong way round, and parts of frames', () => {
    expect(augmentSchema.safeParse({ h264: { before: [3, 1] } }).success).toBe(false);
    expect(augmentSchema.safeParse({ h264: { before: [0, 1.5] } }).success).toBe(false);
  });
});
