/** The words under the timeline: its key, and where no face was scored. */
import type { TrackResult } from '../detect/result.ts';
import { list, plural } from './format.ts';
import { type Html, html } from './html.ts';
import { breakAfter } from './lanes.ts';
import { mark } from './marks.ts';
import { stretch, trackName } from './wording.ts';

/** Stretches in which no face was scored, in words. */
export function faceless(tracks: readonly TrackResult[], end: number, gap: number): Html | false {
  const times = tracks
    .flatMap((track) => track.frames.map((frame) => frame.timeSeconds))
    .sort((a, b) => a - b);
  const edges = [0, ...times, end];
  const empty = edges
    .slice(1)
    .map((time, i) => [edges[i], time] as const)
    // Shorter than half a second is a blink, not a stretch worth a sentence.
    .filter(([from, to]) => to - from > Math.max(breakAfter * gap, 0.5));
  if (empty.length === 0) return false;
  const named = empty.slice(0, 6).map(([from, to]) => stretch(from, to));
  if (empty.length > 6) named.push(`${empty.length - 6} more stretches`);
  return html`<p class="key">No face was scored from ${list(named)}.</p>`;
}

/** Stretches in which a person was seen and not scored, with the reason. */
export function leftOut(tracks: readonly TrackResult[]): Html | false {
  const told = tracks.flatMap((track) =>
    (track.unscored ?? []).map(
      ({ reason, startSeconds, endSeconds, faces }) =>
        `${trackName(track, tracks)}, ${stretch(startSeconds, endSeconds)}: ${reason} (${plural(faces, 'frame')})`,
    ),
  );
  if (told.length === 0) return false;
  const shown = told.slice(0, mostStretches);
  if (told.length > mostStretches) shown.push(`${told.length - mostStretches} more stretches`);
  return html`<p class="key">Seen and not scored: ${shown.join('; ')}.</p>`;
}

/** More than these nobody reads; the JSON has all. */
const mostStretches = 8;

/** What the timeline's marks mean. */
export function timelineKey(cuts: boolean, unscored = false): Html {
  const swatch = (shape: string) =>
    html`<svg width="26" height="12" viewBox="0 0 26 12" aria-hidden="true">${html`${shape === 'score' && html`<path d="M0 6h26" stroke="var(--ink)" opacity=".6"/><rect y="1" width="26" height="10" fill="var(--band)" opacity=".1"/>`}${shape === 'gap' && html`<rect width="26" height="12" fill="var(--gap)" stroke="var(--rule)"/>`}${shape === 'threshold' && html`<path d="M0 6h26" stroke="var(--muted)" stroke-dasharray="2 3"/>`}${shape === 'unscored' && html`<rect width="26" height="12" fill="var(--paper)" stroke="var(--rule)"/><rect y="8" width="26" height="4" fill="var(--muted)" opacity=".75"/>`}${shape === 'cut' && html`<path d="M9 0h8l-4 6zM13 5v7" fill="var(--ink)" stroke="var(--ink)"/>`}`}</svg>`;
  return html`<p class="key"><span class="likely">${mark('manipulation_likely')}<span class="muted">a face above the upper threshold</span></span><span class="unsure">${mark('inconclusive')}<span class="muted">between</span></span><span class="clear">${mark('no_manipulation_found')}<span class="muted">below the lower</span></span><span>${swatch('score')}track’s score and 95 % interval</span><span>${swatch('threshold')}thresholds</span><span>${swatch('gap')}face not seen</span>${unscored && html`<span>${swatch('unscored')}seen and not scored</span>`}${cuts && html`<span>${swatch('cut')}cut</span>`}</p>`;
}
