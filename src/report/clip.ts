/** The report on one clip: one self-contained HTML file that can be mailed, printed and filed. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult } from '../detect/result.ts';
import type { ClipAnalysis } from '../detect/types.ts';
import { faces } from './crops.ts';
import { baseName, clock, percent, plural, range, score, sentence } from './format.ts';
import { type Html, html, trusted } from './html.ts';
import { gauge, mark, toneOf } from './marks.ts';
import { page } from './page.ts';
import { dropped, exhibit, limits, method, people, signOff, usualFace } from './sections.ts';
import { stability } from './stability.ts';
import { timeline } from './timeline.ts';
import { isPicture, openEnded, outcomeOf, outcomeWords, standfirst, standing } from './wording.ts';

export interface ReportContext {
  /** Of the detector that scored, or would have scored, the clip. */
  contract: Contract;
  /** The command that repeats this scan, as it would be typed. */
  replay: string;
  createdAt: Date;
}

/** The whole page. Works for every status; a part without data is left out, never shown empty. */
export async function clipReport(analysis: ClipAnalysis, context: ReportContext): Promise<string> {
  const { result, evidence } = analysis;
  const { contract, replay } = context;
  const created = timestamp(context.createdAt);
  const name = baseName(result.clip.path);
  const lanes = timeline(result, contract.thresholds);
  const crops = await faces(result, evidence, contract.thresholds);
  const body = html`${masthead(name, result, contract, created)}
${lanes && section('Who and when', 'Each point is one face in one frame; the higher, the more suspicious.', lanes)}
${result.tracks.length > 0 && section(`People in the ${kind(result)}`, null, people(result, contract.thresholds), result.tracks.length <= 8)}
${crops && section('The faces behind it', 'What the detector saw: the crops that it scored highest and lowest.', crops)}
${result.stability && result.stability.length > 0 && section('How firm the score is', 'The same scan of the clip as others might have passed it on. A verdict that changes with a re-encoding rests on little.', stability(result, contract.thresholds), true)}
${result.status !== 'error' && section('How this was computed', null, method(result, contract))}
${result.status !== 'error' && section('What was left out', null, dropped(result))}
${result.status !== 'error' && section('Limits and other explanations', null, limits(contract))}
${section('Exhibit', null, html`${exhibit(result, replay, created)}${signOff()}`, true)}
<footer>Made by Mesoscope, a face-forensics workbench. This report states what a detector measured. The judgement is the examiner’s.</footer>`;
  return page(`${outcomeWords[outcomeOf(result)]}: ${name}`, body);
}

function masthead(name: string, result: ClipResult, contract: Contract, created: string): Html {
  const outcome = outcomeOf(result);
  const measured = result.score !== null;
  return html`<header>
<div class="top"><span><b>Mesoscope</b> face manipulation report</span><span>${created}</span></div>
<h1 class="file"><bdi>${name}</bdi></h1>
<p class="facts num">${facts(result).map((fact) => html`<span>${fact}</span>`)}</p>
<div class="verdict ${toneOf[outcome]}${!measured && ' alone'}"><div><div class="word">${mark(outcome)}${outcomeWords[outcome]}</div><p>${standfirst(result)}</p></div>${measured && measure(result, contract)}</div>
${result.status !== 'error' && caution(result, contract)}
</header>`;
}

function kind(result: ClipResult): 'picture' | 'clip' {
  return isPicture(result) ? 'picture' : 'clip';
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

/** `whole`: not to be split between two sheets. */
function section(title: string, lede: string | null, content: Html, whole = false): Html {
  return html`<section${whole && trusted(' class="whole"')}><h2>${title}</h2>${lede && html`<p class="lede">${lede}</p>`}
${content}</section>`;
}

/** `2026-03-04 05:06 UTC`: the same in every time zone. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
