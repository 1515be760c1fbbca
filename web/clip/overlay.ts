/** Draws people's boxes and the detector's maps over a frame. */
import type { Contract } from '../../src/detect/contract.ts';
import type { ClipResult, TrackResult } from '../../src/detect/result.ts';
import { score } from '../../src/report/format.ts';
import { toneOf, toneOfScore } from '../../src/report/marks.ts';
import { trackName } from '../../src/report/wording.ts';
import type { MapDocument } from '../../src/server/api.ts';
import { type Place, placeAt } from './where.ts';

export interface Overlay {
  result: ClipResult;
  thresholds: Contract['thresholds'];
  gap: number;
  /** Person by track and frame: `trackId:frameIndex`. */
  maps: ReadonlyMap<string, MapDocument>;
  /** The picture of a map; undefined while it is on its way. */
  picture: (map: MapDocument) => CanvasImageSource | undefined;
  showBoxes: boolean;
  showMap: boolean;
}

export const mapKey = (trackId: number, frameIndex: number) => `${trackId}:${frameIndex}`;

/**
 * @param scale canvas pixels a pixel of the frame
 * @param unit canvas pixels a pixel of the screen
 */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  overlay: Overlay,
  time: number,
  scale: number,
  unit: number,
): void {
  const { canvas } = context;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const places = overlay.result.tracks.flatMap((track) => {
    const place = placeAt(track, time, overlay.gap);
    return place ? [{ track, place }] : [];
  });
  if (overlay.showMap) for (const { track, place } of places) drawMap(context, overlay, track, place, scale);
  if (overlay.showBoxes)
    for (const { track, place } of places) drawBox(context, overlay, track, place, scale, unit);
}

/** The map of the nearest look, moved along with the face. */
function drawMap(
  context: CanvasRenderingContext2D,
  { maps, picture }: Overlay,
  track: TrackResult,
  { nearest, box }: Place,
  scale: number,
): void {
  const map = maps.get(mapKey(track.id, nearest.frameIndex));
  const image = map && picture(map);
  if (!map || !image) return;
  const { region } = map;
  const [growX, growY] = [box.width / nearest.box.width, box.height / nearest.box.height];
  const centre = (of: typeof box) => ({ x: of.x + of.width / 2, y: of.y + of.height / 2 });
  const [now, then] = [centre(box), centre(nearest.box)];
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.translate(now.x + (region.centreX - then.x) * growX, now.y + (region.centreY - then.y) * growY);
  context.rotate(region.angle);
  const [width, height] = [region.width * growX, region.height * growY];
  context.drawImage(image, -width / 2, -height / 2, width, height);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

function drawBox(
  context: CanvasRenderingContext2D,
  { result, thresholds }: Overlay,
  track: TrackResult,
  { nearest, box, between }: Place,
  scale: number,
  unit: number,
): void {
  const colour = onVideo[toneOfScore(nearest.score, thresholds)];
  const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((value) => value * scale);
  context.setLineDash(between ? [6 * unit, 4 * unit] : []);
  // A dark line under the light one: it must be seen on any picture.
  context.lineWidth = 4 * unit;
  context.strokeStyle = 'rgba(0,0,0,.55)';
  context.strokeRect(x, y, width, height);
  context.lineWidth = 2 * unit;
  context.strokeStyle = colour;
  context.strokeRect(x, y, width, height);
  const words = `${trackName(track, result.tracks)}  ${score(nearest.score)}`;
  context.font = `600 ${12 * unit}px system-ui, sans-serif`;
  const [textWidth, lineHeight] = [context.measureText(words).width + 12 * unit, 20 * unit];
  const left = Math.max(0, Math.min(context.canvas.width - textWidth, x - unit));
  const top = y - lineHeight >= 0 ? y - lineHeight : Math.min(context.canvas.height - lineHeight, y + height);
  context.fillStyle = 'rgba(16,18,22,.86)';
  context.fillRect(left, top, textWidth, lineHeight);
  context.fillStyle = onVideo[toneOf[track.verdict]];
  context.fillRect(left, top, 3 * unit, lineHeight);
  context.fillStyle = '#fff';
  context.textBaseline = 'middle';
  context.fillText(words, left + 8 * unit, top + lineHeight / 2 + unit);
}

/** The dark palette's verdict colours: they stand out on pictures in both. */
const onVideo = { likely: '#ff9b66', unsure: '#e6c14c', clear: '#72bdf2', none: '#c3c7cf' } as const;
