/** What an analysis leaves on the disk for the pages: crops, maps, the report and the result document. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../base/hash.ts';
import type { Contract } from '../../detect/contract.ts';
import type { ClipResult } from '../../detect/result.ts';
import type { EvidenceCrop } from '../../detect/types.ts';
import { encodeJpeg, encodeStencil } from '../../media/image.ts';
import type { JobLog } from '../../report/bundle/log.ts';
import { clipReport } from '../../report/clip.ts';
import { heat, mapOpacity, shownCrops, sightingOf } from '../../report/evidence.ts';
import type { EvidenceCropDocument, MapDocument } from '../api.ts';
import { artefact, bundledName } from '../storage/artefact-names.ts';
import { flushFile } from '../storage/folder-store.ts';

const jpegQuality = 90;

/** Paths of the API, for documents. */
export const cropUrl = (clip: string, n: number) => `/api/clips/${clip}/crops/${n}.jpg`;
export const mapUrl = (clip: string, n: number) => `/api/clips/${clip}/maps/${n}.png`;

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
    const png = encodeStencil({ width, height, data: mapOpacity(face.map) }, heat);
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

/** Writes the crops of every track, most suspicious first. */
export async function writeCrops(
  folder: string,
  clip: string,
  evidence: readonly EvidenceCrop[],
  maps: readonly MapDocument[],
): Promise<EvidenceCropDocument[]> {
  const mapOf = new Map(maps.map(({ trackId, frameIndex, n }) => [`${trackId}/${frameIndex}`, n]));
  const documents: EvidenceCropDocument[] = [];
  for (const [n, { face, end }] of shownCrops(evidence).entries()) {
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

/** The log's last word of an analysis: what it left, each file with its hash. The bundle is checked against that. */
export async function writeLog(
  folder: string,
  log: JobLog,
  { evidence, maps }: { evidence: readonly { n: number }[]; maps: readonly { n: number }[] },
): Promise<void> {
  const files: Record<string, string> = {};
  for (const name of [
    artefact.report,
    artefact.result,
    ...evidence.map(({ n }) => artefact.crop(n)),
    ...maps.map(({ n }) => artefact.map(n)),
  ]) {
    files[bundledName(name)] = sha256(await readFile(join(folder, name)));
  }
  log.add('written', { files });
  await writeFile(join(folder, artefact.log), log.toString());
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** All files of the folder survive a loss of power once this returns. */
export async function flushFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await flushFile(join(folder, name));
  await flushFile(folder);
}
