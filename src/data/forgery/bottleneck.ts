/** A fixed stand-in for an auto-encoder: the lowest frequencies of a small picture. */
import type { Picture } from '../../media/types.ts';

/**
 * Keeps about `variables` numbers of a square picture: the discrete cosine coefficients below a limit L of luma, and
 * below L / 2 of both colour differences (1.5 L² numbers). The best linear code of natural pictures, which is what an
 * auto-encoder without depth learns, is nearly this basis. The last fifth of each band fades out, so that edges do not
 * ring.
 */
export function bottleneck(picture: Picture, variables: number): Picture {
  const size = picture.width;
  if (picture.height !== size) throw new Error('the bottleneck takes squares');
  const limit = Math.min(size, Math.max(4, Math.round(Math.sqrt(variables / 1.5))));
  const planes = [0, 1, 2].map(() => new Float32Array(size * size));
  const [luma, blue, red] = planes;
  const { data } = picture;
  for (let i = 0, at = 0; i < luma.length; i++, at += 3) {
    luma[i] = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
    blue[i] = data[at + 2] - luma[i];
    red[i] = data[at] - luma[i];
  }
  const [y, b, r] = planes.map((plane, k) => lowPass(plane, size, k === 0 ? limit : Math.ceil(limit / 2)));
  const out = new Uint8ClampedArray(data.length);
  for (let i = 0, at = 0; i < y.length; i++, at += 3) {
    out[at] = y[i] + r[i];
    out[at + 1] = y[i] - (0.299 * r[i] + 0.114 * b[i]) / 0.587;
    out[at + 2] = y[i] + b[i];
  }
  return { width: size, height: size, data: new Uint8Array(out.buffer) };
}

/** Cᵀ W C X Cᵀ W C with C the first `limit` rows of the orthonormal DCT-II and W the fading weights. */
function lowPass(plane: Float32Array, size: number, limit: number): Float32Array {
  const basis = new Float32Array(limit * size);
  for (let k = 0; k < limit; k++) {
    const norm = Math.sqrt((k === 0 ? 1 : 2) / size);
    for (let x = 0; x < size; x++) basis[k * size + x] = norm * Math.cos((Math.PI * (x + 0.5) * k) / size);
  }
  const fade = Float32Array.from({ length: limit }, (_, k) => {
    const into = (k + 1 - 0.8 * limit) / (0.2 * limit + 1);
    return into <= 0 ? 1 : Math.cos((Math.PI / 2) * into) ** 2;
  });
  const columns = alongRows(plane, size, basis, fade, limit);
  return transpose(alongRows(transpose(columns, size), size, basis, fade, limit), size);
}

function alongRows(
  plane: Float32Array,
  size: number,
  basis: Float32Array,
  fade: Float32Array,
  limit: number,
): Float32Array {
  const out = new Float32Array(plane.length);
  for (let y = 0; y < size; y++) {
    const row = plane.subarray(y * size, (y + 1) * size);
    const to = out.subarray(y * size, (y + 1) * size);
    for (let k = 0; k < limit; k++) {
      const start = k * size;
      let coefficient = 0;
      for (let x = 0; x < size; x++) coefficient += basis[start + x] * row[x];
      coefficient *= fade[k];
      for (let x = 0; x < size; x++) to[x] += coefficient * basis[start + x];
    }
  }
  return out;
}

function transpose(plane: Float32Array, size: number): Float32Array {
  const out = new Float32Array(plane.length);
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) out[x * size + y] = plane[y * size + x];
  return out;
}
