/** The top of a report: the clip in a line, the verdict with its gauge, and what to know before quoting it. No Node. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult } from '../detect/result.ts';
import { clock, percent, plural, range, score, sentence } from './format.ts';
import { type Html, html } from './html.ts';
import { gauge, mark, toneOf } from './marks.ts';
import { usualFace } from './sections.ts';
import { isPicture, openEnded, outcomeOf, outcomeWords, standfirst, standing } from './wording.ts';

/** The verdict in words, its score where there is one, and the cautions that belong to it. */
export function verdictPanel(result: ClipResult, contract: Contract): Html {
  const outcome = outcomeOf(result);
  const measured = result.score !== null;
  return html`<div class="verdict ${toneOf[outcome]}${!measured && ' alone'}"><div><div class="word">${mark(outcome)}${outcomeWords[outcome]}</div><p>${standfirst(result)}</p></div>${measured && measure(result, contract)}</div>
${result.status !== 'error' && caution(result, contract)}`;
}

/** What the file is called in sentences. */
export function kind(result: ClipResult): 'picture' | 'clip' {
  return isPicture(result) ? 'picture' : 'clip';
}

/** The clip in a line: duration, size, codec, people, frames. */
export function factsLine(result: ClipResult): Html {
  return html`<p class="facts num">${facts(result).map((fact) => html`<span>${fact}</span>`)}</p>`;
}

function facts({ clip, tracks, status, framesAnalysed }: ClipResult): string[] {
  const persons = new Set(tracks.map((track) => track.person)).size;
  return [
    clip.durationSeconds !== null &&
      clip.durationSeconds > 0 &&
      `${clock(clip.durationSeconds)} ${clip.durationSeconds < 3600 ? 'min' : 'h'}`,
    clip.width !== null && clip.height !== null && `${clip.width} × ${clip.height}`,
    clip.codec,
    status !== 'error' && (persons === 0 ? 'no face' : plural(persons, 'person', 'people')),
    framesAnalysed > 0 && `${plural(framesAnalysed, 'frame')} examined`,
  ].filter((fact): fact is string => typeof fact === 'string');
}

function measure(result: ClipResult, contract: Contract): Html {
  const { score: value, interval, calibrated } = result;
  if (value === null) return html``;
  const open = openEnded(result);
  const format = calibrated ? percent : score;
  const spread = open
    ? 'Too few faces for an interval.'
    : interval && html`95 % interval <span class="nb">${range(interval, format)}</span>.`;
  const what = calibrated ? 'estimated probability of manipulation.' : 'detector score, not a probability.';
  return html`<div class="measure"><div class="line"><span class="big">${format(value)}</span><span class="of">${what} ${spread}</span></div>${gauge(value, open ? null : interval, contract.thresholds)}</div>`;
}

/** What a reader must know before quoting the verdict. */
function caution(result: ClipResult, contract: Contract): Html | false {
  const { sentences } = standing(contract, usualFace(result));
  if (result.status !== 'scored') return false;
  const uncalibrated =
    !result.calibrated &&
    'The score is not calibrated: it ranks faces, and 0.9 does not mean that nine in ten such clips are manipulated.';
  const reasons = result.reasons.length > 0 && result.reasons.map(sentence).join(' ');
  if (sentences.length === 0 && !uncalibrated && !reasons) return false;
  return html`<div class="caution">${reasons && html`<p><b>Why not a stronger verdict:</b> ${reasons}</p>`}${
    (sentences.length > 0 || uncalibrated) &&
    html`<p><b>Before you quote this:</b> ${[...sentences, uncalibrated].filter((text) => text !== false).join(' ')}</p>`
  }</div>`;
}
