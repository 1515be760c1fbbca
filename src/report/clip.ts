/** The report on one clip: one self-contained HTML file that can be mailed, printed and filed. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult } from '../detect/result.ts';
import type { ClipAnalysis } from '../detect/types.ts';
import { faces } from './crops.ts';
import { baseName } from './format.ts';
import { type Html, html, trusted } from './html.ts';
import { factsLine, kind, verdictPanel } from './masthead.ts';
import { page } from './page.ts';
import { dropped, exhibit, limits, method, people, signOff } from './sections.ts';
import { stability } from './stability.ts';
import { timeline } from './timeline.ts';
import { outcomeOf, outcomeWords } from './wording.ts';

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
  return html`<header>
<div class="top"><span><b>Mesoscope</b> face manipulation report</span><span>${created}</span></div>
<h1 class="file"><bdi>${name}</bdi></h1>
${factsLine(result)}
${verdictPanel(result, contract)}
</header>`;
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
