/** Binary morphology on masks of 0 and 1, squares as structuring elements. */

type Cells = Uint8Array<ArrayBuffer>;

/** 1 where any cell within `radius` (both axes) is 1; outside the picture is 0. */
export function dilate(cells: Cells, width: number, height: number, radius: number): Cells {
  const pass = (from: Cells, length: number, lines: number, step: number, stride: number) => {
    const out = new Uint8Array(from.length);
    for (let line = 0; line < lines; line++) {
      let last = Number.NEGATIVE_INFINITY;
      for (let k = -radius; k < length; k++) {
        if (k + radius < length && from[line * stride + (k + radius) * step]) last = k + radius;
        if (k >= 0 && last >= k - radius) out[line * stride + k * step] = 1;
      }
    }
    return out;
  };
  return pass(pass(cells, width, height, 1, width), height, width, width, 1);
}

const inverted = (cells: Cells): Cells => cells.map((value) => 1 - value);

/** 0 where any cell within `radius` is 0; outside the picture counts as 1, so that borders do not eat the mask. */
export const erode = (cells: Cells, width: number, height: number, radius: number): Cells =>
  inverted(dilate(inverted(cells), width, height, radius));

/** Joins what is nearer than 2 radius. */
export const close = (cells: Cells, width: number, height: number, radius: number): Cells =>
  erode(dilate(cells, width, height, radius), width, height, radius);

/** Removes what is thinner than 2 radius + 1. */
export const open = (cells: Cells, width: number, height: number, radius: number): Cells =>
  dilate(erode(cells, width, height, radius), width, height, radius);

/** Connected regions of ones (4 neighbours), as lists of indices. */
export function components(cells: Uint8Array, width: number, height: number): number[][] {
  const seen = new Uint8Array(cells.length);
  const regions: number[][] = [];
  for (let start = 0; start < cells.length; start++) {
    if (!cells[start] || seen[start]) continue;
    const region = [start];
    seen[start] = 1;
    for (let head = 0; head < region.length; head++) {
      const at = region[head];
      const x = at % width;
      for (const next of [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width]) {
        if (next < 0 || next >= width * height || !cells[next] || seen[next]) continue;
        seen[next] = 1;
        region.push(next);
      }
    }
    regions.push(region);
  }
  return regions;
}

/** Sets zeros that do not reach the picture's border. */
export function fillHoles(cells: Cells, width: number, height: number): Cells {
  const out = cells.slice();
  for (const region of components(inverted(cells), width, height)) {
    const touches = region.some((at) => {
      const x = at % width;
      return x === 0 || x === width - 1 || at < width || at >= width * (height - 1);
    });
    if (!touches) for (const at of region) out[at] = 1;
  }
  return out;
}
