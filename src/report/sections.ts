/** The report's sections that are words and tables. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult, TrackResult } from '../detect/result.ts';
import { bytes, clock, list, percent, plural, score, sentence } from './format.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import { mark, scoreBar, toneOf } from './marks.ts';
import {
  aggregationInWords,
  alternatives,
  calibrationInWords,
  cropInWords,
  generalLimits,
  intervalText,
  isPicture,
  measuredAt,
  openEnded,
  outcomeWords,
  ratesInWords,
  samplingInWords,
  stretch,
  thresholdsInWords,
  trackName,
} from './wording.ts';

/** One row a track. */
export function people(result: ClipResult, thresholds: Contract['thresholds']): Html {
  const still = isPicture(result);
  return html`<table class="stack"><thead><tr><th>Who</th><th>Verdict</th><th>Score and 95 % interval</th>${
    !still && html`<th class="n">Seen</th>`
  }<th class="n">Faces scored</th><th class="n">Face width</th></tr></thead><tbody>
${result.tracks.map((track) => personRow(track, result, still, thresholds))}</tbody></table>`;
}

function personRow(
  track: TrackResult,
  result: ClipResult,
  still: boolean,
  thresholds: Contract['thresholds'],
) {
  const interval = intervalText(track);
  return html`<tr><td><span class="who">${trackName(track, result.tracks)}</span></td>
<td class="full"><span class="v ${toneOf[track.verdict]}">${mark(track.verdict)}${outcomeWords[track.verdict]}</span>${
    track.reasons.length > 0 && html`<div class="why">${track.reasons.map(sentence).join(' ')}</div>`
  }</td>
<td class="num" data-label="Score and 95 % interval">${
    track.score === null
      ? html`<span class="muted">no score</span>`
      : html`<b>${score(track.score)}</b> <span class="iv">${interval}</span>${scoreBar(track.score, openEnded(track) ? null : track.interval, thresholds)}`
  }</td>
${!still && html`<td class="n" data-label="Seen">${stretch(track.startSeconds, track.endSeconds)}</td>`}
<td class="n" data-label="Faces scored">${track.faces}</td><td class="n" data-label="Face width">${track.facePixels > 0 ? `${Math.round(track.facePixels)} px` : '–'}</td></tr>
`;
}

export function definitions(rows: readonly (readonly [term: string, value: HtmlValue] | false)[]): Html {
  return html`<dl class="facts-list">${rows
    .filter((row) => row !== false)
    .map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>\n`)}</dl>`;
}

/** The median face width over the scored tracks, weighted by nothing: a track is a case. */
export function usualFace(result: ClipResult): number | undefined {
  const widths = result.tracks.filter((track) => track.faces > 0).map((track) => track.facePixels);
  return widths.sort((a, b) => a - b)[Math.floor(widths.length / 2)];
}

/** How the numbers came about. */
export function method(result: ClipResult, contract: Contract): Html {
  const rates = measuredAt(contract, usualFace(result));
  const aggregation = result.settings?.aggregation ?? contract.aggregation;
  const spent = Object.values(result.timing).reduce((sum, seconds) => sum + seconds, 0);
  return definitions([
    [
      'Sampling',
      isPicture(result)
        ? 'None: the whole picture is examined.'
        : html`${result.settings && samplingInWords(result.settings.sample)} ${plural(result.framesAnalysed, 'frame')} examined${result.clip.frames !== null && ` of ${result.clip.frames.toLocaleString('en-GB')}`}.`,
    ],
    [
      'Faces',
      html`${cropInWords(contract.crop)} ${contract.input.width} × ${contract.input.height} pixels. Faces narrower than ${contract.quality.minFacePixels} pixels, blurred or badly seen are dropped and counted below.`,
    ],
    ['Detector', html`${contract.name}, network ${contract.network.name}. ${sentence(contract.description)}`],
    ['Trained on', html`${sentence(contract.training.data)}`],
    [
      'Aggregation',
      html`${aggregationInWords(aggregation)}${
        JSON.stringify(aggregation) !== JSON.stringify(contract.aggregation) &&
        html` <b>Not the detector’s own rule:</b> its calibration, thresholds and error rates were set for another (${contract.aggregation.frames.kind}).`
      }`,
    ],
    [
      'Interval',
      '95 %, moving-block bootstrap over the scored frames of a track, so that neighbouring frames do not count as independent. It covers the choice of frames, not a detector that is wrong on this kind of material.',
    ],
    ['Calibration', calibrationInWords(contract)],
    ['Thresholds', thresholdsInWords(contract)],
    [
      'Measured error rate at this quality',
      rates
        ? ratesInWords(rates)
        : html`<b>Not measured.</b> How often this detector errs on such material is unknown.`,
    ],
    contract.quality.measured.length > 1 && [
      'Measured error rates by quality',
      html`<div class="scroll"><table><thead><tr><th>Faces</th><th class="n">False alarms</th><th class="n">Missed</th><th class="n">Videos</th></tr></thead><tbody>${contract.quality.measured.map((row) => html`<tr><td>${row.condition}</td><td class="n">${row.falseAlarms === undefined ? '–' : percent(row.falseAlarms)}</td><td class="n">${row.misses === undefined ? '–' : percent(row.misses)}</td><td class="n">${row.tracks.toLocaleString('en-GB')}</td></tr>`)}</tbody></table></div>`,
    ],
    contract.figures.length > 0 && [
      'Published figures',
      html`${contract.figures.map((figure) => html`${figure.metric} <b class="num">${figure.value}</b>${figure.interval && ` (${figure.interval[0]}–${figure.interval[1]})`}, ${figure.protocol}. `)}`,
    ],
    spent > 0 && [
      'Time spent',
      list(
        Object.entries(result.timing).map(
          ([stage, seconds]) => `${stage} ${seconds.toFixed(seconds < 1 ? 2 : 1)} s`,
        ),
      ),
    ],
  ]);
}

/** What was left out, and why. */
export function dropped(result: ClipResult): Html {
  if (result.dropped.length === 0)
    return html`<p>${result.tracks.length > 0 ? 'Nothing: every face that was found was scored.' : 'Nothing was dropped.'}</p>`;
  return html`<dl class="counts">${result.dropped.map((item) => html`<dt>${item.count.toLocaleString('en-GB')}</dt><dd>${item.reason}</dd>`)}</dl>`;
}

export function limits(contract: Contract): Html {
  return html`<div class="two"><div><h3>What this scan cannot tell</h3><ul class="plain">${[...contract.limits, ...generalLimits].map((limit) => html`<li>${sentence(limit)}</li>`)}</ul></div>
<div><h3>Innocent causes of a high score</h3><ul class="plain">${alternatives.map(([cause, why]) => html`<li><b>${cause}.</b> ${why}</li>`)}</ul></div></div>`;
}

/** The file and the tool, so that another examiner can repeat the scan on the same bytes. */
export function exhibit(result: ClipResult, replay: string, created: string): Html {
  const { clip, detector, tool } = result;
  const unknown = html`<span class="muted">unknown</span>`;
  const hash = (value: string | null | undefined) => (value ? html`<code>${value}</code>` : unknown);
  return definitions([
    ['File', html`<bdi>${clip.path}</bdi>`],
    ['SHA-256', hash(clip.sha256)],
    [
      'Size',
      clip.bytes === null ? unknown : `${bytes(clip.bytes)} (${clip.bytes.toLocaleString('en-GB')} bytes)`,
    ],
    ['Format', [clip.container, clip.codec].filter((part) => part !== null).join(', ') || unknown],
    [
      'Picture',
      clip.width === null || clip.height === null ? unknown : `${clip.width} × ${clip.height} pixels`,
    ],
    !isPicture(result) && [
      'Duration',
      clip.durationSeconds === null
        ? unknown
        : `${clock(clip.durationSeconds, 2)}${clip.frames === null ? '' : `, ${plural(clip.frames, 'frame')}`}`,
    ],
    ['Tool', `${tool.name} ${tool.version}`],
    ['Detector file', detector ? html`${detector.name}<br>${hash(detector.sha256)}` : unknown],
    ['Report made', created],
    ['To repeat this scan', html`<pre>${replay}</pre>`],
  ]);
}

export function signOff(): Html {
  return html`<div class="sign"><div>Examined by (name, organisation)</div><div>Signature</div><div>Date</div>
<div class="wide">Conclusion of the examiner, in own words</div></div>`;
}
