/** What an analysis leaves on the disk for the pages: crops, maps, the report and the result document. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contract } from '../../detect/contract.ts';
import type { ClipResult } from '../../detect/result.ts';
import type { EvidenceCrop } from '../../detect/types.ts';
import { encodeJpeg, encodeStencil } from '../../media/image.ts';
import { clipReport } from '../../report/clip.ts';
import { heat, heatCover, split } from '../../report/crops.ts';
import type { EvidenceCropDocument, MapDocument } from '../api.ts';
import { artefact } from '../storage/artefact-names.ts';
import { flushFile } from '../storage/folder-store.ts';

const jpegQuality = 90;

/** Paths of the API, for documents. */
export const cropUrl = (clip: string, n: number) => `/api/clips/${clip}/crops/${n}.jpg`;
export const mapUrl = (clip: string, n: number) => `/api/clips/${clip}/maps/${n}.png`;

type MapPicture = NonNullable<EvidenceCrop['map']>;

const rounded = (value: number) => Math.round(value * 1e4) / 1e4;

function sightingOf({ trackId, frameIndex, timeSeconds, score, region }: EvidenceCrop) {
  return { trackId, frameIndex, timeSeconds, score, region: { ...region, angle: rounded(region.angle) } };
}

/** Takes maps while faces are scored, and writes each at once: a long clip's maps would not fit into memory. */
export class MapWriter {
  readonly #folder: string;
  readonly #clip: string;
  readonly #maps: MapDocument[] = [];
  #writes: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;

  constructor(folder: string, clip: string) {
    this.#folder = folder;
    this.#clip = clip;
  }

  take(face: EvidenceCrop): void {
    if (!face.map) return;
    const n = this.#maps.length;
    const { width, height } = face.map;
    this.#maps.push({ n, ...sightingOf(face), url: mapUrl(this.#clip, n), width, height });
    const png = encodeStencil({ width, height, data: opacity(face.map) }, heat);
    this.#writes = this.#writes
      .then(async () => writeFile(join(this.#folder, artefact.map(n)), await png))
      .catch((error: Error) => {
        this.#failure ??= error;
      });
  }

  /** Maps of the tracks that the result tells of, in order of time. */
  async finish({ tracks }: ClipResult): Promise<MapDocument[]> {
    await this.#writes;
    if (this.#failure) throw this.#failure;
    const told = new Set(tracks.map(({ id }) => id));
    return this.#maps
      .filter(({ trackId }) => told.has(trackId))
      .sort((a, b) => a.timeSeconds - b.timeSeconds || a.trackId - b.trackId);
  }
}

/** As the report draws it: nothing at 0, `heatCover` at 1. */
function opacity({ width, height, data }: MapPicture): Uint8Array {
  const alpha = new Uint8Array(width * height);
  for (let i = 0; i < alpha.length; i++) {
    alpha[i] = Math.round(255 * heatCover * Math.min(1, Math.max(0, data[i])));
  }
  return alpha;
}

/** Writes the crops of every track, most suspicious first. */
export async function writeCrops(
  folder: string,
  clip: string,
  evidence: readonly EvidenceCrop[],
  maps: readonly MapDocument[],
): Promise<EvidenceCropDocument[]> {
  const mapOf = new Map(maps.map(({ trackId, frameIndex, n }) => [`${trackId}/${frameIndex}`, n]));
  const tracks = [...new Set(evidence.map(({ trackId }) => trackId))];
  const chosen = tracks.flatMap((id) => {
    const { most, least } = split(evidence.filter(({ trackId }) => trackId === id));
    return [
      ...most.map((face) => ({ face, end: 'most' as const })),
      ...least.map((face) => ({ face, end: 'least' as const })),
    ];
  });
  const documents: EvidenceCropDocument[] = [];
  for (const [n, { face, end }] of chosen.entries()) {
    await writeFile(join(folder, artefact.crop(n)), await encodeJpeg(face.crop, jpegQuality));
    documents.push({
      n,
      ...sightingOf(face),
      end,
      url: cropUrl(clip, n),
      width: face.crop.width,
      height: face.crop.height,
      map: mapOf.get(`${face.trackId}/${face.frameIndex}`) ?? null,
    });
  }
  return documents;
}

export async function writeReport(
  folder: string,
  analysis: { result: ClipResult; evidence: EvidenceCrop[] },
  contract: Contract,
  replay: string,
): Promise<void> {
  const html = await clipReport(analysis, { contract, replay, createdAt: new Date() });
  await writeFile(join(folder, artefact.report), html);
  await writeFile(join(folder, artefact.result), `${JSON.stringify(analysis.result, null, 2)}\n`);
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** All files of the folder survive a loss of power once this returns. */
export async function flushFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await flushFile(join(folder, name));
  await flushFile(folder);
}
