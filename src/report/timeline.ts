/** Who and when: one lane a track with its scores over time. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult } from '../detect/result.ts';
import { responsive } from './charts.ts';
import { plural } from './format.ts';
import { type Html, html } from './html.ts';
import { drawLanes, lanesOf, narrowLayout, wideLayout } from './lanes.ts';
import { faceless, leftOut, timelineKey } from './timeline-key.ts';
import { outcomeWords, stretch } from './wording.ts';

/** The timeline with its key. Tracks without scores have no lane. */
export function timeline(result: ClipResult, thresholds: Contract['thresholds']): Html | null {
  const drawn = lanesOf(result);
  if (!drawn) return null;
  const { lanes, cuts, end, gap, hidden } = drawn;
  const scored = result.tracks.filter((track) => track.frames.length > 0);
  const wide = drawLanes(drawn, thresholds, wideLayout(lanes.length));
  const narrow = drawLanes(drawn, thresholds, narrowLayout(lanes.length));
  const label = `Scores over time. ${lanes.map(({ track, name }) => `${name}: ${outcomeWords[track.verdict]}, ${stretch(track.startSeconds, track.endSeconds)}`).join('. ')}.`;
  return html`${responsive(wide, narrow, 'time', label)}
${timelineKey(
  cuts.length > 0,
  lanes.some(({ track }) => track.unscored),
)}
${leftOut(result.tracks)}
${faceless(scored, end, gap)}
${hidden > 0 && html`<p class="muted">${plural(hidden, 'less suspicious track')} not drawn; the table below has all.</p>`}`;
}
