/** The page over a batch: every clip with its verdict, and a link to its report. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult } from '../detect/result.ts';
import { timestamp } from './clip.ts';
import { baseName, clock, plural, score, sentence } from './format.ts';
import { type Html, html } from './html.ts';
import { mark, scoreBar, toneOf } from './marks.ts';
import { page } from './page.ts';
import { definitions } from './sections.ts';
import {
  intervalText,
  isPicture,
  type Outcome,
  openEnded,
  outcomeOf,
  outcomeWords,
  standing,
  thresholdsInWords,
} from './wording.ts';

export interface SummaryEntry {
  result: ClipResult;
  /** File name of the clip's report beside this page; null where it was not written. */
  report: string | null;
}

export interface SummaryContext {
  contract: Contract;
  detector: { name: string; sha256: string };
  replay: string;
  createdAt: Date;
  /** True where the batch was stopped before its end. */
  interrupted: boolean;
}

const order: readonly Outcome[] = [
  'manipulation_likely',
  'inconclusive',
  'no_manipulation_found',
  'not_assessable',
  'error',
];

/** Most urgent first: by verdict, then by score, then by path. */
export function inOrder(entries: readonly SummaryEntry[]): SummaryEntry[] {
  return entries.toSorted(
    (a, b) =>
      order.indexOf(outcomeOf(a.result)) - order.indexOf(outcomeOf(b.result)) ||
      (b.result.score ?? -1) - (a.result.score ?? -1) ||
      (a.result.clip.path < b.result.clip.path ? -1 : 1),
  );
}

export function batchSummary(entries: readonly SummaryEntry[], context: SummaryContext): string {
  const { contract, detector, replay, interrupted } = context;
  const created = timestamp(context.createdAt);
  const { sentences } = standing(contract, undefined);
  const uncalibrated =
    contract.calibration.kind === 'none' &&
    'The scores are not calibrated: they rank clips, and are not probabilities.';
  const notes = [...sentences, uncalibrated].filter((text) => text !== false);
  const body = html`<header><div class="top"><span><b>Mesoscope</b> summary of a batch</span><span>${created}</span></div>
<h1 class="file">${plural(entries.length, 'file')} scanned</h1>
<p class="facts">${interrupted ? 'The batch was interrupted: files after these were not scanned.' : 'Most suspicious first.'}</p>
${tally(entries)}
${notes.length > 0 && html`<div class="caution"><p><b>Before you quote this:</b> ${notes.join(' ')}</p></div>`}
</header>
<section class="clips"><h2>Files</h2>${table(inOrder(entries), contract)}</section>
<section class="whole"><h2>How this was computed</h2>${definitions([
    ['Detector', html`${detector.name}<br><code>${detector.sha256}</code>`],
    ['Thresholds', thresholdsInWords(contract)],
    ['To repeat this scan', html`<pre>${replay}</pre>`],
  ])}</section>
<footer>Made by Mesoscope, a face-forensics workbench. “No manipulation found” is not proof that a file is authentic.</footer>`;
  return page(`Mesoscope: ${plural(entries.length, 'file')} scanned`, body);
}

function tally(entries: readonly SummaryEntry[]): Html {
  return html`<div class="tally">${order.map((outcome) => {
    const count = entries.filter((entry) => outcomeOf(entry.result) === outcome).length;
    return (
      count > 0 &&
      html`<div class="${toneOf[outcome]}"><span class="big">${count}</span><span class="what">${mark(outcome)}${outcomeWords[outcome]}</span></div>`
    );
  })}</div>`;
}

function table(entries: readonly SummaryEntry[], contract: Contract): Html {
  return html`<table class="stack"><thead><tr><th>File</th><th>Verdict</th><th>Score and 95 % interval</th><th class="n">People</th><th class="n">Duration</th></tr></thead><tbody>
${entries.map((entry) => row(entry, contract))}</tbody></table>`;
}

function row({ result, report }: SummaryEntry, contract: Contract): Html {
  const { clip, tracks } = result;
  const outcome = outcomeOf(result);
  const name = html`<bdi>${baseName(clip.path)}</bdi>`;
  const why =
    result.status === 'error' ? (result.error?.message ?? '') : result.reasons.map(sentence).join(' ');
  const people = new Set(tracks.map((track) => track.person)).size;
  // encodeURIComponent leaves no ":" or "/" that could make the name a scheme or another folder.
  return html`<tr><td class="full">${report ? html`<a href="${encodeURIComponent(report)}">${name}</a>` : name}${baseName(clip.path) !== clip.path && html`<div class="where"><bdi>${clip.path}</bdi></div>`}</td>
<td class="full"><span class="v ${toneOf[outcome]}">${mark(outcome)}${outcomeWords[outcome]}</span>${why && html`<div class="why">${why}</div>`}</td>
<td class="num" data-label="Score and 95 % interval">${
    result.score === null
      ? html`<span class="muted">no score</span>`
      : html`<b>${score(result.score)}</b> <span class="iv">${intervalText(result)}</span>${scoreBar(result.score, openEnded(result) ? null : result.interval, contract.thresholds)}`
  }</td>
<td class="n" data-label="People">${result.status === 'error' ? '–' : people}</td><td class="n" data-label="Duration">${clip.durationSeconds === null || isPicture(result) ? '–' : clock(clip.durationSeconds)}</td></tr>
`;
}
