/** The faces behind a score as files that a page can show, chosen and coloured as in the report. */
import type { ClipResult } from '../../src/detect/result.ts';
import type { EvidenceCrop } from '../../src/detect/types.ts';
import { encodePicture } from '../../src/media/browser/picture.ts';
import { heat, heatCover, split } from '../../src/report/evidence.ts';
import type { LocalCrop, LocalMap } from './types.ts';

/** As in the report (`report/crops.ts`). */
const jpegQuality = 0.82;

type MappedFace = Omit<EvidenceCrop, 'crop' | 'map'> & { map: NonNullable<EvidenceCrop['map']> };

/** Keeps the maps of all scored faces while a clip is read; they are small, the crops are let go. */
export class LocalMaps {
  readonly #faces: MappedFace[] = [];

  take({ trackId, frameIndex, timeSeconds, score, region, map }: EvidenceCrop): void {
    if (map) this.#faces.push({ trackId, frameIndex, timeSeconds, score, region, map });
  }

  /** Those of the tracks that the result tells of, in order of time. */
  async pictures({ tracks }: ClipResult): Promise<LocalMap[]> {
    const told = new Set(tracks.map(({ id }) => id));
    const faces = this.#faces
      .filter(({ trackId }) => told.has(trackId))
      .sort((a, b) => a.timeSeconds - b.timeSeconds || a.trackId - b.trackId);
    return Promise.all(
      faces.map(async ({ map, ...sighting }) => ({
        ...sighting,
        picture: await mapPicture(map),
        width: map.width,
        height: map.height,
      })),
    );
  }
}

/** The crops of every track, most suspicious first. */
export function cropPictures(
  evidence: readonly EvidenceCrop[],
  maps: readonly LocalMap[],
): Promise<LocalCrop[]> {
  const tracks = [...new Set(evidence.map(({ trackId }) => trackId))];
  const chosen = tracks.flatMap((id) => {
    const { most, least } = split(evidence.filter(({ trackId }) => trackId === id));
    return [
      ...most.map((face) => ({ face, end: 'most' as const })),
      ...least.map((face) => ({ face, end: 'least' as const })),
    ];
  });
  return Promise.all(
    chosen.map(async ({ face: { trackId, frameIndex, timeSeconds, score, region, crop }, end }) => {
      const map = maps.findIndex((other) => other.trackId === trackId && other.frameIndex === frameIndex);
      return {
        trackId,
        frameIndex,
        timeSeconds,
        score,
        region,
        end,
        crop: await encodePicture(crop, 'image/jpeg', jpegQuality),
        width: crop.width,
        height: crop.height,
        map: map < 0 ? null : map,
      };
    }),
  );
}

function mapPicture({ width, height, data }: MappedFace['map']): Promise<Blob> {
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (const [i, value] of data.entries()) {
    pixels.set([...heat, Math.round(255 * heatCover * Math.min(1, Math.max(0, value)))], 4 * i);
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
