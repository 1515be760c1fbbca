/** A triangulation of the 68 points, and the piecewise affine map that it defines. */
import { type Box, boundsOf, type Point } from '../../base/geometry.ts';

/**
 * A mean frontal face: eyes level at y = 0, one interocular distance apart, y down. Mean of the hand-checked points of
 * 1,900 near-frontal frames of YouTube Faces (at most 10 a person), turned upright, scaled, made symmetrical.
 */
// biome-ignore format: one part of the face a paragraph
export const canonicalFace: readonly Point[] = ([
  [-1.157, 0.002], [-1.136, 0.303], [-1.083, 0.578], [-1.029, 0.844], [-0.939, 1.139], [-0.78, 1.387], [-0.605, 1.556],
  [-0.366, 1.707], [0, 1.802], [0.366, 1.707], [0.605, 1.556], [0.78, 1.387], [0.939, 1.139], [1.029, 0.844],
  [1.083, 0.578], [1.136, 0.303], [1.157, 0.002],

  [-0.905, -0.257], [-0.765, -0.342], [-0.59, -0.366], [-0.432, -0.349], [-0.291, -0.309],
  [0.291, -0.309], [0.432, -0.349], [0.59, -0.366], [0.765, -0.342], [0.905, -0.257],

  [0, 0.021], [0, 0.227], [0, 0.424], [0, 0.587],
  [-0.192, 0.696], [-0.109, 0.72], [0, 0.746], [0.109, 0.72], [0.192, 0.696],

  [-0.687, -0.011], [-0.575, -0.047], [-0.435, -0.047], [-0.305, 0.008], [-0.425, 0.048], [-0.573, 0.048],
  [0.305, 0.008], [0.435, -0.047], [0.575, -0.047], [0.687, -0.011], [0.573, 0.048], [0.425, 0.048],

  [-0.402, 1.066], [-0.265, 0.986], [-0.091, 0.937], [0, 0.955], [0.091, 0.937], [0.265, 0.986], [0.402, 1.066],
  [0.259, 1.187], [0.135, 1.255], [0, 1.268], [-0.135, 1.255], [-0.259, 1.187],

  [-0.373, 1.061], [-0.119, 1.036], [0, 1.033], [0.119, 1.036], [0.373, 1.061], [0.117, 1.118], [0, 1.13],
  [-0.117, 1.118],
] as const).map(([x, y]) => ({ x, y }));

/**
 * The Delaunay triangulation of {@link canonicalFace}: no other of its points lies in a triangle's circumcircle (a test
 * checks it). Fixed, so that the same triangles meet in every face, whatever its pose; all turn clockwise on screen.
 */
// biome-ignore format: 3 indices a triangle, as many as fit
export const triangles: readonly (readonly [number, number, number])[] = [
  [0, 36, 1], [0, 17, 36], [1, 41, 2], [1, 36, 41], [2, 31, 3], [2, 41, 31], [3, 48, 4], [3, 31, 48],
  [4, 48, 5], [5, 48, 6], [6, 59, 7], [6, 48, 59], [7, 58, 8], [7, 59, 58], [8, 56, 9], [8, 57, 56],
  [8, 58, 57], [9, 55, 10], [9, 56, 55], [10, 54, 11], [10, 55, 54], [11, 54, 12], [12, 54, 13], [13, 35, 14],
  [13, 54, 35], [14, 46, 15], [14, 35, 46], [15, 45, 16], [15, 46, 45], [16, 45, 26], [17, 18, 36],
  [18, 19, 37], [18, 37, 36], [19, 24, 20], [19, 20, 37], [20, 22, 21], [20, 21, 38], [20, 23, 22],
  [20, 24, 23], [20, 38, 37], [21, 22, 27], [21, 27, 39], [21, 39, 38], [22, 23, 43], [22, 42, 27],
  [22, 43, 42], [23, 24, 44], [23, 44, 43], [24, 25, 44], [25, 26, 45], [25, 45, 44], [27, 28, 39],
  [27, 42, 28], [28, 29, 40], [28, 47, 29], [28, 40, 39], [28, 42, 47], [29, 30, 31], [29, 35, 30],
  [29, 31, 40], [29, 47, 35], [30, 32, 31], [30, 33, 32], [30, 34, 33], [30, 35, 34], [31, 32, 50],
  [31, 41, 40], [31, 49, 48], [31, 50, 49], [32, 33, 50], [33, 34, 52], [33, 51, 50], [33, 52, 51],
  [34, 35, 52], [35, 47, 46], [35, 53, 52], [35, 54, 53], [36, 37, 41], [37, 38, 41], [38, 39, 40],
  [38, 40, 41], [42, 43, 47], [43, 44, 46], [43, 46, 47], [44, 45, 46], [48, 49, 60], [48, 60, 59],
  [49, 50, 61], [49, 59, 60], [49, 67, 59], [49, 61, 67], [50, 51, 62], [50, 62, 61], [51, 52, 62],
  [52, 53, 63], [52, 63, 62], [53, 54, 64], [53, 64, 55], [53, 55, 65], [53, 65, 63], [54, 55, 64],
  [55, 56, 65], [56, 57, 66], [56, 66, 65], [57, 58, 66], [58, 59, 67], [58, 67, 66], [61, 62, 67],
  [62, 63, 65], [62, 65, 66], [62, 66, 67],
];

/** The triangulation's border, which is the shape that {@link TriangleMap} covers. */
export const triangulatedOutline = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 26, 25, 24, 19, 18, 17,
];

/** Where each pixel of a box comes from, in continuous pixels of another picture. */
export interface SampleMap {
  box: Box;
  x: Float32Array;
  y: Float32Array;
}

/** A map over the box that leaves every pixel where it is. */
export function stillMap(box: Box): SampleMap {
  const map = {
    box,
    x: new Float32Array(box.width * box.height),
    y: new Float32Array(box.width * box.height),
  };
  for (let row = 0, i = 0; row < box.height; row++) {
    for (let column = 0; column < box.width; column++, i++) {
      map.x[i] = box.x + column + 0.5;
      map.y[i] = box.y + row + 0.5;
    }
  }
  return map;
}

/** The whole pixels of a picture that a set of points bounds. */
export function pixelBox(points: readonly Point[], width: number, height: number): Box {
  const { x, y, width: w, height: h } = boundsOf(points);
  const [left, top] = [Math.max(0, Math.floor(x)), Math.max(0, Math.floor(y))];
  return {
    x: left,
    y: top,
    width: Math.max(0, Math.min(width, Math.ceil(x + w)) - left),
    height: Math.max(0, Math.min(height, Math.ceil(y + h)) - top),
  };
}

/**
 * The map that is affine in every triangle and takes each point of `to` to the same one of `from`; pixels outside of
 * all triangles stay. Triangles that a profile folds over are skipped: they show the face's hidden side.
 *
 * @param size of the picture that `to` lies in
 */
export function piecewiseAffine(
  to: readonly Point[],
  from: readonly Point[],
  size: { width: number; height: number },
): SampleMap {
  const map = stillMap(pixelBox(to, size.width, size.height));
  const { box } = map;
  for (const [i, j, k] of triangles) {
    const [a, b, c] = [to[i], to[j], to[k]];
    const doubleArea = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if (doubleArea <= 1e-9) continue;
    const bounds = pixelBox([a, b, c], size.width, size.height);
    for (let y = bounds.y; y < bounds.y + bounds.height; y++) {
      for (let x = bounds.x; x < bounds.x + bounds.width; x++) {
        const [px, py] = [x + 0.5, y + 0.5];
        // Barycentric coordinates: shares of b and c.
        const v = ((px - a.x) * (c.y - a.y) - (py - a.y) * (c.x - a.x)) / doubleArea;
        const w = ((b.x - a.x) * (py - a.y) - (b.y - a.y) * (px - a.x)) / doubleArea;
        if (v < -1e-9 || w < -1e-9 || v + w > 1 + 1e-9) continue;
        const at = (y - box.y) * box.width + x - box.x;
        map.x[at] = from[i].x + v * (from[j].x - from[i].x) + w * (from[k].x - from[i].x);
        map.y[at] = from[i].y + v * (from[j].y - from[i].y) + w * (from[k].y - from[i].y);
      }
    }
  }
  return map;
}
