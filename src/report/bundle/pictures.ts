/** The crops and maps of a scan as files of a bundle. */
import type { EvidenceCrop } from '../../detect/types.ts';
import { encodeJpeg, encodeStencil } from '../../media/image.ts';
import { heat, mapOpacity, shownCrops, sightingOf } from '../evidence.ts';

const jpegQuality = 90;

export interface BundlePictures {
  files: Map<string, Uint8Array>;
  /** What each shows; `map` is the number of the map over a crop. */
  faces: { evidence: object[]; maps: object[] };
}

/** `crops/N.jpg` of every track, most suspicious first, and `maps/N.png` of those that have one. */
export async function bundlePictures(evidence: readonly EvidenceCrop[]): Promise<BundlePictures> {
  const files = new Map<string, Uint8Array>();
  const faces: BundlePictures['faces'] = { evidence: [], maps: [] };
  for (const [n, { face, end }] of shownCrops(evidence).entries()) {
    files.set(`crops/${n}.jpg`, new Uint8Array(await encodeJpeg(face.crop, jpegQuality)));
    let map: number | null = null;
    if (face.map) {
      const { width, height } = face.map;
      map = faces.maps.length;
      const png = await encodeStencil({ width, height, data: mapOpacity(face.map) }, heat);
      files.set(`maps/${map}.png`, new Uint8Array(png));
      faces.maps.push({ n: map, ...sightingOf(face), width, height });
    }
    const { width, height } = face.crop;
    faces.evidence.push({ n, ...sightingOf(face), end, width, height, map });
  }
  return { files, faces };
}
