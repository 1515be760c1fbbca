/** Regions to look at for faces that are too small in the whole frame, and for faces that fill it. */
import type { Box } from '../base/geometry.ts';
import { inputSize } from './blazeface.ts';

/** Padding on each side of a tight crop, as a share of its size: 60 of 60 DFDC crops get a mesh (design, Faces). */
export const tightCropPadding = 0.35;

export function wholeFrame(width: number, height: number): Box {
  return { x: 0, y: 0, width, height };
}

/** The frame with a black border: a face that fills a picture is found only when there is something around it. */
export function paddedFrame(width: number, height: number, padding = tightCropPadding): Box {
  return {
    x: -width * padding,
    y: -height * padding,
    width: width * (1 + 2 * padding),
    height: height * (1 + 2 * padding),
  };
}

/** A strip's tiles are at least its length over this: at most seven in a row. */
const mostAlong = 5;

/**
 * Square tiles of `share` times the frame's shorter side that cover it, neighbours overlapping by at least a
 * quarter, so that a face of up to a quarter of a tile is whole in one of them.
 */
export function tiles(width: number, height: number, share = 0.75): Box[] {
  // Seen whole at its own resolution already: what tiles would show besides is less than 70 pixels wide.
  if (Math.max(width, height) <= inputSize) return [];
  // Strips get wider tiles, not hundreds of them.
  const side = Math.max(Math.min(width, height) * share, Math.max(width, height) / mostAlong);
  const starts = (length: number) => {
    const count = Math.max(1, Math.ceil((length - side) / (side * 0.75) - 1e-9) + 1);
    if (count === 1) return [(length - side) / 2];
    return Array.from({ length: count }, (_, i) => (i * (length - side)) / (count - 1));
  };
  return starts(height).flatMap((y) => starts(width).map((x) => ({ x, y, width: side, height: side })));
}

/**
 * Whether a detection in a tile is a small face seen whole: at most 0.35 of the tile and off its borders (those of
 * the frame do not count). Larger ones are seen in the whole frame; half a face gives a plausible, wrong mesh
 * (measured: without this, tiles of 0.6 doubled the faces of close-ups).
 */
export function isWholeInTile(box: Box, tile: Box, width: number, height: number): boolean {
  if (Math.max(box.width, box.height) > 0.35 * tile.width) return false;
  const margin = 0.02 * tile.width;
  const clear = (start: number, length: number, from: number, size: number, limit: number) =>
    (from <= 0 || start >= from + margin) && (from + size >= limit || start + length <= from + size - margin);
  return (
    clear(box.x, box.width, tile.x, tile.width, width) &&
    clear(box.y, box.height, tile.y, tile.height, height)
  );
}
