/** The page over an archive: counts, scores, failures and the most suspicious files; its size does not grow. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult } from '../detect/result.ts';
import { drawSvg } from './charts.ts';
import { timestamp } from './clip.ts';
import { baseName, plural, score } from './format.ts';
import { type Html, html } from './html.ts';
import { mark, toneOf } from './marks.ts';
import { page } from './page.ts';
import { definitions } from './sections.ts';
import { intervalText, type Outcome, outcomeOf, outcomeWords, thresholdsInWords } from './wording.ts';

const outcomes: readonly Outcome[] = [
  'manipulation_likely',
  'inconclusive',
  'no_manipulation_found',
  'not_assessable',
  'error',
];
const bins = 20;
/** Rows of the table: a page must open and print. */
const mostShown = 100;

/** Counts over any number of results, in the same memory. */
export class ArchiveTally {
  readonly counts = new Map<Outcome, number>();
  readonly histogram = new Array<number>(bins).fill(0);
  readonly failures = new Map<string, number>();
  readonly most: ClipResult[] = [];
  clips = 0;
  mediaSeconds = 0;
  scanSeconds = 0;

  add(result: ClipResult): void {
    const outcome = outcomeOf(result);
    this.clips++;
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
    this.mediaSeconds += result.clip.durationSeconds ?? 0;
    this.scanSeconds += Object.values(result.timing).reduce((sum, value) => sum + value, 0);
    if (result.error) this.failures.set(result.error.code, (this.failures.get(result.error.code) ?? 0) + 1);
    if (result.score === null) return;
    this.histogram[Math.min(bins - 1, Math.floor(result.score * bins))]++;
    const place = this.most.findIndex((other) => (other.score ?? 0) < (result.score ?? 0));
    if (place < 0 && this.most.length >= mostShown) return;
    // Evidence of a single frame is in the ledger; the page tells of clips.
    this.most.splice(place < 0 ? this.most.length : place, 0, { ...result, tracks: [], cuts: [] });
    this.most.length = Math.min(this.most.length, mostShown);
  }
}

export interface ArchiveContext {
  contract: Contract;
  detector: { name: string; sha256: string };
  replay: string;
  createdAt: Date;
  /** True where more may come: interrupted, or watching. */
  unfinished: boolean;
  /** The report of a clip beside the page, where there is one. */
  reportOf(result: ClipResult): string | null;
}

export function archivePage(tally: ArchiveTally, context: ArchiveContext): string {
  const { contract, detector, replay, createdAt, unfinished } = context;
  const body = html`<header><div class="top"><span><b>Mesoscope</b> archive</span><span>${timestamp(createdAt)}</span></div>
<h1 class="file">${plural(tally.clips, 'file')} scanned</h1>
<p class="facts">${unfinished ? 'Not finished: more files may follow.' : 'All files that were found.'} ${hours(tally.mediaSeconds)} of media in ${hours(tally.scanSeconds)} of work.</p>
<div class="tally">${outcomes.map((outcome) => {
    const count = tally.counts.get(outcome) ?? 0;
    return (
      count > 0 &&
      html`<div class="${toneOf[outcome]}"><span class="big">${count}</span><span class="what">${mark(outcome)}${outcomeWords[outcome]}</span></div>`
    );
  })}</div></header>
<section><h2>Scores</h2><p class="lede">Files by score, where there is one. Thresholds: ${thresholdsInWords(contract)}</p>${histogram(tally.histogram)}</section>
${failures(tally.failures)}
<section class="clips"><h2>Most suspicious</h2><p class="lede">The ${Math.min(mostShown, tally.most.length)} highest scores; all results are in <code>results/</code> and <code>parquet/</code>.</p>
<table class="stack"><thead><tr><th>File</th><th>Verdict</th><th>Score and 95 % interval</th></tr></thead><tbody>${tally.most.map((result) => row(result, context.reportOf(result)))}</tbody></table></section>
<section class="whole"><h2>How this was computed</h2>${definitions([
    ['Detector', html`${detector.name}<br><code>${detector.sha256}</code>`],
    ['To repeat or go on', html`<pre>${replay}</pre>`],
  ])}</section>
<footer>Made by Mesoscope, a face-forensics workbench. “No manipulation found” is not proof that a file is authentic.</footer>`;
  return page(`Mesoscope: ${plural(tally.clips, 'file')} scanned`, body);
}

function row(result: ClipResult, report: string | null): Html {
  const outcome = outcomeOf(result);
  const name = html`<bdi>${baseName(result.clip.path)}</bdi>`;
  return html`<tr><td class="full">${report ? html`<a href="${report.split('/').map(encodeURIComponent).join('/')}">${name}</a>` : name}<div class="where"><bdi>${result.clip.path}</bdi></div></td><td><span class="v ${toneOf[outcome]}">${mark(outcome)}${outcomeWords[outcome]}</span></td><td class="num"><b>${score(result.score ?? 0)}</b> <span class="iv">${intervalText(result)}</span></td></tr>
`;
}

function failures(codes: ReadonlyMap<string, number>): Html | null {
  if (codes.size === 0) return null;
  const rows = [...codes].sort((a, b) => b[1] - a[1]);
  return html`<section><h2>Failures</h2><p class="lede">Files that have no result, by code. None of them counts as a score.</p><table><thead><tr><th>Code</th><th class="n">Files</th></tr></thead><tbody>${rows.map(([code, count]) => html`<tr><td><code>${code}</code></td><td class="n">${count}</td></tr>`)}</tbody></table></section>`;
}

function histogram(counts: readonly number[]): Html {
  const option = {
    grid: { left: 56, right: 16, top: 12, bottom: 40 },
    xAxis: { type: 'value', min: 0, max: 1, name: 'score', nameLocation: 'middle', nameGap: 24 },
    yAxis: { type: 'value', minInterval: 1 },
    series: [
      {
        type: 'line',
        step: 'end',
        symbol: 'none',
        areaStyle: { opacity: 0.2 },
        lineStyle: { width: 2, color: '#0072b2' },
        itemStyle: { color: '#0072b2' },
        data: [[0, counts[0]], ...counts.map((count, k) => [(k + 1) / bins, count])],
      },
    ],
  };
  return html`<div class="chart">${drawSvg({ width: 760, height: 240, option }, 'scores', 'Files by score')}</div>`;
}

function hours(seconds: number): string {
  if (seconds < 3600) return `${(seconds / 60).toFixed(1)} minutes`;
  return `${(seconds / 3600).toFixed(1)} hours`;
}
