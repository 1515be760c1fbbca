/** The stability section: each variant's score on one scale, beside the clip's own. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult, StabilityRow } from '../detect/result.ts';
import { score } from './format.ts';
import { type Html, html } from './html.ts';
import { gauge, mark, toneOf } from './marks.ts';
import { intervalText, outcomeWords } from './wording.ts';

/** A row a variant, the clip as it is first; each with its own small scale. */
export function stability(result: ClipResult, thresholds: Contract['thresholds']): Html {
  const { verdict, score: own, interval } = result;
  const rows: StabilityRow[] = [
    { variant: 'as-is', words: 'as it is', verdict, score: own, interval },
    ...(result.stability ?? []),
  ];
  const changed = rows.filter((row) => row.verdict !== verdict).length;
  const spread = rows.flatMap((row) => (row.score === null ? [] : [row.score]));
  return html`<p>${changed === 0 ? 'The verdict is the same for every variant' : `The verdict is another for ${changed} of ${rows.length - 1} variants`}; scores go from ${score(Math.min(...spread))} to ${score(Math.max(...spread))}.</p>
<div class="scroll"><table><thead><tr><th>The clip</th><th class="n">Score</th><th>Verdict</th><th></th></tr></thead><tbody>${rows.map((row) => html`<tr><td>${row.words}</td><td class="n">${row.score === null ? '–' : score(row.score)}<br><span class="muted">${intervalText(row)}</span></td><td><span class="v ${toneOf[row.verdict]}">${mark(row.verdict)}${outcomeWords[row.verdict]}</span></td><td class="scale">${row.score !== null && gauge(row.score, row.interval, thresholds)}</td></tr>`)}</tbody></table></div>`;
}
