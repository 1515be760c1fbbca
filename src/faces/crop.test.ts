import { describe, expect, it } from 'vitest';
import type { Picture } from '../media/types.ts';
import { cropFace, cropMatrix, cropSquare } from './crop.ts';
import { fivePoints, poseOf, sixtyEightIndices, sixtyEightPoints, tightBox } from './landmarks.ts';
import { laplacianVariance, qualityOf } from './quality.ts';
import { apply, invert, squareMatrix, warpAffine } from './warp.ts';

/**
 * A flat, frontal mesh about `x`, `y`: all points at the centre but the corners of a face of 100 x 80 (ears, brow,
 * chin) and the five points, turned by `angle`.
 */
function meshAt(x: number, y: number, angle = 0): Float32Array {
  const mesh = new Float32Array(468 * 3);
  const place = (indices: readonly number[], dx: number, dy: number) => {
    for (const i of indices) {
      mesh[3 * i] = x + dx * Math.cos(angle) - dy * Math.sin(angle);
      mesh[3 * i + 1] = y + dx * Math.sin(angle) + dy * Math.cos(angle);
    }
  };
  place([...Array(468).keys()], 0, 0);
  place([127], -50, 0);
  place([356], 50, 0);
  place([105], 0, -40);
  place([152], 0, 40);
  place([33, 133], -20, -20);
  place([362, 263], 20, -20);
  place([1], 0, 5);
  place([61], -15, 20);
  place([291], 15, 20);
  return mesh;
}
const faceAt = (x: number, y: number, angle = 0) => {
  const mesh = meshAt(x, y, angle);
  return { mesh, box: tightBox(mesh) };
};
const blank = (width: number, height: number, value = 0): Picture => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(value),
});
const pixel = ({ data, width }: Picture, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe('crop policies', () => {
  it('square: the box’s centre, scale times the longest side', () => {
    const square = cropSquare(faceAt(200, 150), { kind: 'square', scale: 1.3, fill: 'edge' });
    expect(square.centre.x).toBeCloseTo(200, 4);
    expect(square.centre.y).toBeCloseTo(150, 4);
    expect(square.side).toBeCloseTo(130, 4);
  });

  it('landmark-centred: the mean of five points, 2 x 1.1 x the longest side', () => {
    const square = cropSquare(faceAt(200, 150), { kind: 'landmark-centred', scale: 1.1 });
    expect(square.centre.x).toBeCloseTo(200, 4);
    expect(square.centre.y).toBeCloseTo(150 + (-20 - 20 + 5 + 20 + 20) / 5, 4);
    expect(square.side).toBeCloseTo(220, 4);
    expect(square.fill).toBe(0);
  });

  it('stretched: the box times a scale a side, its corners at the crop’s corners', () => {
    const face = faceAt(200, 150);
    const policy = { kind: 'stretched', widthScale: 1.2, heightScale: 1.5, fill: 'edge' } as const;
    const matrix = cropMatrix(face, policy, 64);
    const { box } = face;
    for (const [x, y] of [
      [0, 0],
      [64, 0],
      [64, 64],
      [32, 32],
    ]) {
      const at = apply(matrix, x, y);
      expect(at.x).toBeCloseTo(200 + (x / 64 - 0.5) * 1.2 * box.width, 4);
      expect(at.y).toBeCloseTo(150 + (y / 64 - 0.5) * 1.5 * box.height, 4);
    }
  });

  it('aligned: the eyes come out level at their places, however the head leans', () => {
    for (const angle of [0, 0.4, -1]) {
      const face = faceAt(200, 150, angle);
      const toCrop = invert(cropMatrix(face, { kind: 'aligned', margin: 0.1 }, 240));
      const [left, right] = fivePoints(face.mesh).map((point) => apply(toCrop, point.x, point.y));
      // The side is 100 + 2 x 0.1 x 100 = 120 px, shown at 240: two crop pixels a frame pixel.
      expect(left.x).toBeCloseTo(120 - 40, 2);
      expect(right.x).toBeCloseTo(120 + 40, 2);
      expect(left.y).toBeCloseTo(120 - 40, 2);
      expect(right.y).toBeCloseTo(120 - 40, 2);
    }
  });

  it('cuts whole pixels exactly: marked corners land in the crop’s corners', () => {
    const frame = blank(300, 300);
    const mark = (x: number, y: number, colour: number[]) => frame.data.set(colour, (y * 300 + x) * 3);
    // Scale 1 of a 100 px box about (150, 150): pixels 100 to 199.
    mark(100, 100, [255, 0, 0]);
    mark(199, 100, [0, 255, 0]);
    mark(100, 199, [0, 0, 255]);
    mark(199, 199, [9, 8, 7]);
    const crop = cropFace(frame, faceAt(150, 150), { kind: 'square', scale: 1, fill: 'zero' }, 100);
    expect(pixel(crop, 0, 0)).toEqual([255, 0, 0]);
    expect(pixel(crop, 99, 0)).toEqual([0, 255, 0]);
    expect(pixel(crop, 0, 99)).toEqual([0, 0, 255]);
    expect(pixel(crop, 99, 99)).toEqual([9, 8, 7]);
    expect(crop.data.reduce((sum, value) => sum + value, 0)).toBe(255 * 3 + 24);
  });

  it('fills with black or with the border', () => {
    const frame = blank(100, 100, 200);
    const zero = cropFace(frame, faceAt(0, 50), { kind: 'square', scale: 1, fill: 'zero' }, 100);
    const edge = cropFace(frame, faceAt(0, 50), { kind: 'square', scale: 1, fill: 'edge' }, 100);
    expect([pixel(zero, 49, 50)[0], pixel(zero, 50, 50)[0]]).toEqual([0, 200]);
    expect(edge.data.every((value) => value === 200)).toBe(true);
  });
});

describe('warpAffine', () => {
  it('shrinks by averaging: a fine checkerboard becomes grey, not a pattern', () => {
    const board = blank(240, 240);
    for (let i = 0; i < board.data.length; i++) {
      const at = Math.floor(i / 3);
      board.data[i] = ((at % 240) + Math.floor(at / 240)) % 2 ? 255 : 0;
    }
    for (const size of [120, 60, 40]) {
      const matrix = squareMatrix({ x: 120, y: 120 }, 240, 0, size);
      const inner = [...warpAffine(board, matrix, size, size, { fill: 'edge' }).data].filter((_, i) => {
        const at = Math.floor(i / 3);
        return at % size > 1 && at % size < size - 2 && at > 2 * size && at < size * (size - 2);
      });
      expect(Math.max(...inner.map((value) => Math.abs(value - 127.5)))).toBeLessThan(20);
    }
  });

  it('keeps a ramp’s values at any scale and angle', () => {
    const ramp = blank(256, 256);
    for (let i = 0; i < ramp.data.length; i++) ramp.data[i] = Math.floor(i / 3) % 256;
    for (const { side, angle } of [
      { side: 20, angle: 0 },
      { side: 100, angle: 0.5 },
      { side: 170, angle: -0.3 },
    ]) {
      const matrix = squareMatrix({ x: 128, y: 128 }, side, angle, 40);
      const patch = warpAffine(ramp, matrix, 40, 40, { fill: 0 });
      const quick = warpAffine(ramp, matrix, 40, 40, { fill: 0, fast: true });
      for (const [x, y] of [
        [3, 5],
        [20, 20],
        [36, 30],
      ]) {
        // Pixel i holds the value i at its centre, i + 0.5.
        expect(Math.abs(pixel(patch, x, y)[0] - (apply(matrix, x + 0.5, y + 0.5).x - 0.5))).toBeLessThan(
          1.01,
        );
        expect(Math.abs(pixel(quick, x, y)[0] - pixel(patch, x, y)[0])).toBeLessThanOrEqual(2);
      }
    }
  });

  it('inverts', () => {
    const matrix = squareMatrix({ x: 30, y: 40 }, 17, 0.7, 9);
    const there = apply(matrix, 2, 3);
    const back = apply(invert(matrix), there.x, there.y);
    expect(back.x).toBeCloseTo(2);
    expect(back.y).toBeCloseTo(3);
    expect(() => invert([1, 2, 0, 2, 4, 0])).toThrow(/singular/);
  });
});

describe('landmarks', () => {
  it('68 distinct points, mirrored about the middle of the face in iBUG’s order', () => {
    expect(new Set(sixtyEightIndices).size).toBe(68);
    expect(sixtyEightIndices).toHaveLength(68);
    const face = faceAt(0, 0);
    const points = sixtyEightPoints(face.mesh);
    expect(points[0].x).toBeLessThan(points[16].x);
    expect(points[36].x).toBeLessThan(points[45].x);
    expect(points[48].x).toBeLessThan(points[54].x);
    expect(points[8]).toEqual({ x: 0, y: 40 });
  });

  it('five points: left is the viewer’s left', () => {
    const [leftEye, rightEye, nose, leftMouth, rightMouth] = fivePoints(meshAt(100, 100));
    expect([leftEye.x, rightEye.x, nose.x, leftMouth.x, rightMouth.x]).toEqual([80, 120, 100, 85, 115]);
    expect(leftEye.y).toBeLessThan(leftMouth.y);
  });

  it('pose: roll follows the lean, yaw the depth of the ears', () => {
    const mesh = new Float32Array(468 * 3);
    mesh.set([-50, 0, 0], 3 * 234);
    mesh.set([50, 0, 0], 3 * 454);
    mesh.set([0, -60, 0], 30);
    mesh.set([0, 60, 0], 3 * 152);
    expect(poseOf(mesh)).toEqual({ yaw: 0, pitch: -0, roll: 0 });
    mesh.set([50, 50, 0], 3 * 454);
    mesh.set([-50, -50, 0], 3 * 234);
    expect(poseOf(mesh).roll).toBeCloseTo(45);
    mesh.set([50, 0, 50], 3 * 454);
    mesh.set([-50, 0, -50], 3 * 234);
    expect(poseOf(mesh).yaw).toBeCloseTo(45);
  });
});

describe('quality', () => {
  it('the Laplacian’s variance: 0 for a ramp, exact for one bright pixel', () => {
    const ramp = Float32Array.from({ length: 25 }, (_, i) => i % 5);
    expect(laplacianVariance(ramp, 5, 5)).toBeCloseTo(0);
    const dot = new Float32Array(25);
    dot[12] = 1;
    // Inner 3 x 3: -4 in the middle, 1 at four neighbours: mean 0, mean square 20 / 9.
    expect(laplacianVariance(dot, 5, 5)).toBeCloseTo(20 / 9);
  });

  it('measures the face, not the frame', () => {
    const frame = blank(300, 300, 120);
    const face = { ...faceAt(150, 150), confidence: 1, meshConfidence: 0.8 };
    const flat = qualityOf(frame, face);
    expect(flat).toMatchObject({ sharpness: 0, facePixels: 100, meshConfidence: 0.8 });
    expect(flat.brightness).toBeCloseTo(120, 0);
    for (let i = 0; i < 300 * 300; i += 7) frame.data[3 * i] = 255;
    expect(qualityOf(frame, face).sharpness).toBeGreaterThan(50);
  });
});
