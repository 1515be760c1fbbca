/** The page over an evaluation: figures by quality and by method, curves, and where the detector errs most. */
import { type Verdict, verdictWords } from '../detect/result.ts';
import type { ConditionResult, DetectorResult, Evaluation } from '../experiments/evaluate.ts';
import type { Figures } from '../experiments/figures.ts';
import { precisionRecallCurve } from '../metrics/precision-recall.ts';
import { reliabilityCurve } from '../metrics/reliability.ts';
import { rocCurve } from '../metrics/roc.ts';
import { drawSvg } from './charts.ts';
import { plural } from './format.ts';
import { type Html, html } from './html.ts';
import { page } from './page.ts';

/** A face that the detector got most wrong, for a person to look at. */
export interface Mistake {
  id: string;
  label: 0 | 1;
  method: string;
  score: number;
  /** Encoded picture as a data URL. */
  picture: string;
  /** The same with the detector's map laid over, where it has one. */
  map?: string;
}

export interface EvaluationPage {
  evaluation: Evaluation;
  replay: string;
  createdAt: Date;
  /** Of the first detector at the first quality. */
  mistakes: { falseAlarms: readonly Mistake[]; misses: readonly Mistake[] };
}

export function evaluationPage({ evaluation, replay, createdAt, mistakes }: EvaluationPage): string {
  const { detectors, protocol, comparisons } = evaluation;
  const names = detectors.map(({ name }) => name).join(' against ');
  const [{ conditions }] = detectors;
  const title = `Evaluation of ${names}`;
  const clips = conditions[0].verdicts !== undefined;
  const [of, face] = clips ? ['clips', ', each by its most suspicious face'] : ['faces', ''];
  const maps = [...mistakes.falseAlarms, ...mistakes.misses].some(({ map }) => map)
    ? ' Below each face the map: where the detector sees manipulation.'
    : '';
  return page(
    title,
    html`<div class="top"><span><b>Mesoscope</b> evaluation</span><span>${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</span></div>
<h1>${title}</h1>
<p class="facts"><span>${protocol}</span><span>${plural(conditions.length, 'quality', 'qualities')}</span></p>
${detectors.map((detector) => detectorTable(detector, detectors.length > 1))}
${detectors.map((detector) => verdictTable(detector))}
${comparisons.length > 0 && compared(evaluation)}
<section><h2>Curves</h2><p class="lede">By ${conditions[0].verdicts ? 'clip' : 'picture'}, ${conditions[0].words}. Dashed: a detector that guesses, or that is sure exactly as often as it is right.</p>
<div class="grid">${curves(detectors)}</div></section>
${detectors.map((detector) => methodTable(detector, detectors.length > 1))}
${gallery('Worst false alarms', `Real ${of} with the highest scores${face}.${maps}`, mistakes.falseAlarms)}
${gallery('Worst misses', `Manipulated ${of} with the lowest scores${face}.${maps}`, mistakes.misses)}
<section><h2>How this was computed</h2>
<p class="lede">Intervals are 95 % percentile bootstrap intervals over sources (1,000 draws, seed ${evaluation.seed}): pictures of one source are drawn together. Qualities are applied to the cut face at the detector's input size.</p>
${skippedOf(detectors)}
<p class="muted">${speedOf(detectors)}</p>
<p class="muted">${evaluation.environment.cpu}, ${evaluation.environment.system}, Node ${evaluation.environment.node}, ONNX Runtime ${evaluation.environment.onnxruntime}</p>
<p class="muted">${detectors.map(({ name, sha256 }) => `${name}: SHA-256 ${sha256}`).join('; ')}</p>
<p>Repeat it with <code>${replay}</code></p></section>
<footer>Made by Mesoscope, a face-forensics workbench. Figures are of this set, and say nothing about other methods, people and encodings.</footer>`,
  );
}

function detectorTable({ name, conditions }: DetectorResult, named: boolean): Html {
  return html`<section><h2>${named ? `Figures of ${name}` : 'Figures'}</h2>
<p class="lede">By video. AUC: the chance that a manipulated video scores above a real one; 0.5 is guessing.</p>
<div class="scroll"><table><thead><tr><th>Quality</th><th class="n">Videos</th><th class="n">AUC</th><th class="n">Equal error</th><th class="n">AP</th><th class="n">Accuracy</th><th class="n">Log loss</th><th class="n">Calibration error</th><th class="n">Found at 1 % / 5 % alarms</th><th class="n">Map IoU</th></tr></thead>
<tbody>${conditions.map((row) => html`<tr><td>${row.words}</td><td class="n">${row.videos.items}</td>${cells(row.videos)}<td class="n">${fixed(row.map?.meanIou)}</td></tr>`)}</tbody></table></div></section>`;
}

function cells(figures: Figures): Html {
  const { auc, foundAt1, foundAt5 } = figures;
  const interval = auc && html` <span class="muted nb">${fixed(auc.low)}–${fixed(auc.high)}</span>`;
  return html`<td class="n">${fixed(auc?.value)}${interval}</td><td class="n">${fixed(figures.equalErrorRate)}</td><td class="n">${fixed(figures.averagePrecision)}</td><td class="n">${fixed(figures.accuracy)}</td><td class="n">${fixed(figures.logLoss)}</td><td class="n">${fixed(figures.calibrationError)}</td><td class="n nb">${fixed(foundAt1, 2)} / ${fixed(foundAt5, 2)}</td>`;
}

function methodTable({ name, conditions }: DetectorResult, named: boolean): Html {
  const methods = Object.keys(conditions[0].methods);
  return html`<section><h2>By method${named && `: ${name}`}</h2><p class="lede">AUC by video, each method's videos against all real ones.</p>
<div class="scroll"><table><thead><tr><th>Method</th><th class="n">Videos</th>${conditions.map(({ words }) => html`<th class="n">${words}</th>`)}</tr></thead>
<tbody>${methods.map((method) => html`<tr><td>${method}</td><td class="n">${conditions[0].methods[method].manipulated}</td>${conditions.map(({ methods: of }) => html`<td class="n">${fixed(of[method]?.auc?.value)}<br><span class="muted nb">${fixed(of[method]?.auc?.low)}–${fixed(of[method]?.auc?.high)}</span></td>`)}</tr>`)}</tbody></table></div></section>`;
}

/** Of whole clips only: what a reader of verdicts would have been told. */
function verdictTable({
  name,
  conditions: [{ verdicts, coverage, videos, tracks }],
}: DetectorResult): Html | null {
  if (!verdicts || !coverage) return null;
  const share = (value: number | undefined) => (value === undefined ? '–' : `${(100 * value).toFixed(0)} %`);
  const imputed = coverage.aucWithMissingAtHalf;
  return html`<section><h2>Verdicts of ${name}</h2>
${tracks?.auc && html`<p class="lede">By person: AUC ${fixed(tracks.auc.value)} (${fixed(tracks.auc.low)}–${fixed(tracks.auc.high)}) over ${plural(tracks.items, 'track')}, each with its clip's label.</p>`}
<p class="lede">Not assessable: ${share(coverage.notAssessableShare)} of ${coverage.items} clips (${share(coverage.notAssessableReal)} of the real, ${share(coverage.notAssessableManipulated)} of the manipulated ones). They are in no figure above${imputed !== undefined && videos.auc && `; AUC, not assessable imputed at 0.5: ${imputed.toFixed(3)}`}.</p>
<div class="scroll"><table><thead><tr><th>Verdict</th><th class="n">Real clips</th><th class="n">Manipulated clips</th></tr></thead><tbody>${Object.entries(verdicts).map(([verdict, [real, manipulated]]) => html`<tr><td>${verdictWords[verdict as Verdict]}</td><td class="n">${real}</td><td class="n">${manipulated}</td></tr>`)}</tbody></table></div></section>`;
}

function compared({ comparisons }: Evaluation): Html {
  return html`<section><h2>Compared on the same pictures</h2><p class="lede">Difference of the AUC by picture, the same sources drawn for both. An interval that holds 0 shows no difference.</p>
<div class="scroll"><table><thead><tr><th>Detectors</th><th>Quality</th><th class="n">Difference</th><th class="n">Interval</th><th class="n">p</th></tr></thead><tbody>${comparisons.map(({ first, second, condition, auc }) => html`<tr><td>${first} − ${second}</td><td>${condition}</td><td class="n">${signed(auc.value)}</td><td class="n nb">${signed(auc.low)} to ${signed(auc.high)}</td><td class="n">${fixed(auc.p)}</td></tr>`)}</tbody></table></div></section>`;
}

const side = { width: 420, height: 320 };

function curves(detectors: readonly DetectorResult[]): Html[] {
  const first = detectors.map(({ name, conditions: [condition] }) => ({ name, items: itemsOf(condition) }));
  const roc = first.map(({ name, items }) => ({
    name,
    data: (rocCurve(items) ?? []).map((p) => [p.falsePositiveRate, p.truePositiveRate]),
  }));
  const precision = first.map(({ name, items }) => ({
    name,
    data: (precisionRecallCurve(items) ?? []).map((p) => [p.recall, p.precision]),
  }));
  const reliability = first.map(({ name, items }) => ({
    name,
    data: reliabilityCurve(items).map((bin) => [bin.meanScore, bin.manipulated]),
  }));
  const [{ items }] = first;
  const histogram = ([0, 1] as const).map((label) => ({
    name: label === 0 ? 'real' : 'manipulated',
    data: sharesByScore(items, label),
  }));
  const diagonal = [
    [0, 0],
    [1, 1],
  ];
  return [
    drawing('ROC', 'share of real called manipulated', 'share of manipulated found', roc, diagonal),
    drawing('Precision and recall', 'recall', 'precision', precision),
    drawing('Reliability', 'score', 'share manipulated', reliability, diagonal),
    drawing('Scores', 'score', 'share of the class', histogram),
  ];
}

const itemsOf = ({ scores }: ConditionResult) => ({
  labels: scores.map(({ label }) => label),
  scores: scores.map(({ score }) => score),
});

const bins = 20;

function sharesByScore({ labels, scores }: ReturnType<typeof itemsOf>, label: 0 | 1): number[][] {
  const counts = new Array<number>(bins).fill(0);
  let total = 0;
  for (const [i, score] of scores.entries()) {
    if (labels[i] !== label) continue;
    counts[Math.min(bins - 1, Math.floor(score * bins))]++;
    total++;
  }
  return counts.map((count, k) => [(k + 0.5) / bins, total === 0 ? 0 : count / total]);
}

interface Line {
  name: string;
  data: number[][];
}

/** Okabe and Ito's colours for two lines: they keep apart for all common kinds of colour blindness. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];

function drawing(title: string, x: string, y: string, lines: readonly Line[], guess?: number[][]): Html {
  const highest = Math.max(...lines.flatMap(({ data }) => data.map(([, value]) => value)), 0);
  const top = highest > 0.5 ? 1 : Math.ceil(highest * 10) / 10 || 1;
  const axis = {
    type: 'value',
    min: 0,
    nameLocation: 'middle',
    nameGap: 28,
    axisLabel: { color: '#7a818c' },
  };
  const svg = drawSvg(
    {
      ...side,
      option: {
        grid: { left: 54, right: 16, top: 16, bottom: 44 },
        xAxis: { ...axis, max: 1, name: x, nameTextStyle: { color: '#7a818c' } },
        yAxis: { ...axis, max: top, name: y, nameGap: 36, nameTextStyle: { color: '#7a818c' } },
        series: [
          ...(guess
            ? [
                {
                  type: 'line',
                  data: guess,
                  symbol: 'none',
                  lineStyle: { type: 'dashed', width: 1, color: '#9aa0a8' },
                },
              ]
            : []),
          ...lines.map(({ data }, k) => ({
            type: 'line',
            data,
            showSymbol: data.length < 30,
            symbolSize: 4,
            lineStyle: { width: 2, color: colours[k % colours.length] },
            itemStyle: { color: colours[k % colours.length] },
          })),
        ],
      },
    },
    title.toLowerCase().replaceAll(/\W+/g, '-'),
    `${title}: ${y} over ${x}`,
  );
  const key = lines.map(
    ({ name }, k) =>
      html`<span><svg width="14" height="8" aria-hidden="true"><line x1="0" y1="4" x2="14" y2="4" stroke="${colours[k % colours.length]}" stroke-width="2"/></svg>${name}</span>`,
  );
  return html`<figure><h3>${title}</h3><div class="chart">${svg}</div><div class="key">${key}</div></figure>`;
}

function gallery(title: string, lede: string, faces: readonly Mistake[]): Html | null {
  if (faces.length === 0) return null;
  return html`<section><h2>${title}</h2><p class="lede">${lede}</p><div class="faces">${faces.map(({ picture, map, score, method, id }) => html`<figure><img src="${picture}" alt="face ${id}" width="112" height="112">${map && html`<img src="${map}" alt="map over face ${id}" width="112" height="112">`}<figcaption><b>${fixed(score, 2)}</b> <span class="muted">${method}</span></figcaption></figure>`)}</div></section>`;
}

function skippedOf(detectors: readonly DetectorResult[]): Html | null {
  const skipped = detectors[0].conditions[0].skipped;
  if (skipped.length === 0) return null;
  return html`<p class="lede">${plural(skipped.length, 'item')} without a score: ${skipped
    .slice(0, 5)
    .map(({ file, reason }) => `${file} (${reason})`)
    .join(', ')}${skipped.length > 5 && ' …'}.</p>`;
}

const speedOf = (detectors: readonly DetectorResult[]) =>
  detectors
    .flatMap(({ name, conditions }) =>
      conditions.map(
        ({ words, speed, verdicts }) =>
          `${name}, ${words}: ${speed.itemsPerSecond} ${verdicts ? 'clips' : 'faces'} a second, ${Math.round(100 * speed.coresBusy)} % of the machine busy`,
      ),
    )
    .join('; ');

const fixed = (value: number | undefined, digits = 3) => (value === undefined ? '–' : value.toFixed(digits));
const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
