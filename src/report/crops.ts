/** The evidence: the most and the least suspicious faces of each track, as pictures in the page. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult, TrackResult } from '../detect/result.ts';
import type { EvidenceCrop } from '../detect/types.ts';
import { encodeJpeg } from '../media/image.ts';
import type { Picture } from '../media/types.ts';
import { heat, heatCover, split } from './evidence.ts';
import { clock, plural, score } from './format.ts';
import { type Html, html, trusted } from './html.ts';
import { mark, toneOf, toneOfScore } from './marks.ts';
import { intervalText, isPicture, outcomeWords, stretch, trackName } from './wording.ts';

export { heat, heatCover, split } from './evidence.ts';

const jpegQuality = 82;

/** Tracks beyond this many (by score) are left to the table and the JSON: a page must stay printable. */
const mostPeople = 12;

/** Faces of the tracks with evidence, most suspicious track first; null where there is none. */
export async function faces(
  result: ClipResult,
  evidence: readonly EvidenceCrop[],
  thresholds: Contract['thresholds'],
): Promise<Html | null> {
  const withCrops = result.tracks
    .filter((track) => evidence.some((crop) => crop.trackId === track.id))
    .toSorted((a, b) => (b.score ?? -1) - (a.score ?? -1));
  if (withCrops.length === 0) return null;
  const shown: Html[] = [];
  for (const track of withCrops.slice(0, mostPeople)) {
    const own = evidence.filter((crop) => crop.trackId === track.id);
    shown.push(await person(track, own, result, thresholds));
  }
  const hidden = withCrops.length - shown.length;
  return html`<div class="persons">${shown}</div>${hidden > 0 && html`<p class="muted">${plural(hidden, 'less suspicious track')} not pictured.</p>`}`;
}

async function person(
  track: TrackResult,
  evidence: readonly EvidenceCrop[],
  result: ClipResult,
  thresholds: Contract['thresholds'],
): Promise<Html> {
  const { most, least } = split(evidence);
  const strip = async (crops: readonly EvidenceCrop[]) => {
    const figures: Html[] = [];
    for (const crop of crops) figures.push(await figure(crop, isPicture(result), thresholds));
    return html`<div class="strip">${figures}</div>`;
  };
  const mapped = evidence.some((crop) => crop.map);
  return html`<div class="person${least.length === 0 && ' half'}"><h3>${trackName(track, result.tracks)}<span class="v ${toneOf[track.verdict]}">${mark(track.verdict)}${outcomeWords[track.verdict]}</span><span class="v muted num">${track.score !== null && score(track.score)}${track.interval && ` (${intervalText(track)})`}${!isPicture(result) && `, ${stretch(track.startSeconds, track.endSeconds)}`}</span></h3>
<div class="crops"><div><h4>${least.length > 0 ? 'Most suspicious' : 'All faces scored'}${mapped && ', with the map of where'}</h4>${await strip(most)}</div>${
    least.length > 0 && html`<div><h4>Least suspicious</h4>${await strip(least)}</div>`
  }</div></div>
`;
}

async function figure(crop: EvidenceCrop, still: boolean, thresholds: Contract['thresholds']): Promise<Html> {
  const when = still ? '' : clock(crop.timeSeconds, 1);
  const { width, height } = crop.crop;
  const picture = async (source: Picture, what: string) =>
    html`<img src="${trusted(await dataUri(source))}" width="${width}" height="${height}" alt="${what}${when && ` at ${when}`}, score ${score(crop.score)}">`;
  return html`<figure>${await picture(crop.crop, 'Face')}${crop.map && (await picture(overlay(crop.crop, crop.map), 'Map over the face'))}<figcaption class="${toneOfScore(crop.score, thresholds)}"><b>${score(crop.score)}</b><span>${when}</span></figcaption></figure>`;
}

async function dataUri(picture: Picture): Promise<string> {
  const jpeg = await encodeJpeg(picture, jpegQuality);
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
}

/**
 * The crop in grey with the map's probabilities laid over it: no colour at 0, `heat` at 70 % cover at 1.
 * The map is stretched over the crop, bilinear between the centres of its cells.
 */
export function overlay(crop: Picture, map: NonNullable<EvidenceCrop['map']>): Picture {
  const { width, height, data } = crop;
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const v = Math.min(map.height - 1, Math.max(0, ((y + 0.5) / height) * map.height - 0.5));
    const [y0, y1] = [Math.floor(v), Math.min(map.height - 1, Math.floor(v) + 1)];
    for (let x = 0; x < width; x++) {
      const u = Math.min(map.width - 1, Math.max(0, ((x + 0.5) / width) * map.width - 0.5));
      const [x0, x1] = [Math.floor(u), Math.min(map.width - 1, Math.floor(u) + 1)];
      const mix = (row: number) =>
        map.data[row * map.width + x0] * (1 - (u - x0)) + map.data[row * map.width + x1] * (u - x0);
      const cover = heatCover * Math.min(1, Math.max(0, mix(y0) * (1 - (v - y0)) + mix(y1) * (v - y0)));
      const i = (y * width + x) * 3;
      // Rec. 601 luma
      const grey = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
      for (let c = 0; c < 3; c++) out[i + c] = Math.round(grey * (1 - cover) + heat[c] * cover);
    }
  }
  return { width, height, data: out };
}
