/** The faces behind a score as files that a page can show. */
import type { EvidenceCrop } from '../../src/detect/types.ts';
import { encodePicture } from '../../src/media/browser/picture.ts';
import type { LocalCrop } from './types.ts';

/** As in the report (`report/crops.ts`). */
const jpegQuality = 0.82;

export function picturesOf(evidence: readonly EvidenceCrop[]): Promise<LocalCrop[]> {
  return Promise.all(
    evidence.map(async ({ trackId, frameIndex, timeSeconds, score, crop, map }) => ({
      trackId,
      frameIndex,
      timeSeconds,
      score,
      crop: await encodePicture(crop, 'image/jpeg', jpegQuality),
      width: crop.width,
      height: crop.height,
      ...(map ? { map: await mapPicture(map) } : {}),
    })),
  );
}

function mapPicture({ width, height, data }: NonNullable<EvidenceCrop['map']>): Promise<Blob> {
  const grey = new Uint8Array(width * height * 3);
  for (const [i, value] of data.entries()) grey.fill(Math.round(value * 255), 3 * i, 3 * i + 3);
  return encodePicture({ width, height, data: grey }, 'image/png');
}
