import { percent, sentence } from '../../src/report/format.ts';
import { html } from '../../src/report/html.ts';
import { definitions } from '../../src/report/sections.ts';
import {
  aggregationInWords,
  calibrationInWords,
  cropInWords,
  ratesInWords,
  thresholdsInWords,
} from '../../src/report/wording.ts';
import type { Detector } from '../../src/server/api.ts';
import { Part } from '../clip/result.tsx';
import { Markup } from '../parts/markup.tsx';
import { ProblemNote } from '../parts/problem.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { useLoad } from '../server/load.ts';
import { server } from '../server/request.ts';

/** One detector: its contract in words, and its card. */
export default function DetectorPage({ name }: { name: string }) {
  const loaded = useLoad(`detector ${name}`, () => server.detector(name));
  const detector = loaded.value;
  return (
    <>
      <PageTitle title={name} />
      {loaded.status === 'failed' && <ProblemNote error={loaded.error} />}
      {detector && (
        <>
          <p className="lede">{sentence(detector.description)}</p>
          <div className="action-row">
            <a className="button" href={detector.model} download={`${name}.onnx`}>
              Detector file (ONNX)
            </a>
          </div>
          <Part title="Contract">
            <Markup of={contractList(detector)} />
          </Part>
          {detector.cardHtml && (
            <Part title="Card">
              {/* The card's own title repeats the page's. */}
              <Scroll label="Text of the card">
                <div
                  className="card-text"
                  // The server made it from a file of the package.
                  dangerouslySetInnerHTML={{ __html: asPart(detector.cardHtml) }}
                />
              </Scroll>
            </Part>
          )}
        </>
      )}
    </>
  );
}

/** The card's headings go down two levels, for it stands inside a page; its title is the page's. */
function asPart(card: string): string {
  return (
    card
      // A corner of a table is no heading.
      .replace(/<th\b[^>]*><\/th>/g, '<td></td>')
      .replace(/<h1\b[^>]*>[\s\S]*?<\/h1>/, '')
      .replace(/<(\/?)h([1-4])\b/g, (_, slash: string, level: string) => `<${slash}h${Number(level) + 1}`)
  );
}

function contractList({ contract, sha256 }: Detector) {
  const { quality } = contract;
  return definitions([
    ['Network', `${contract.network.name}`],
    [
      'Looks at',
      html`${cropInWords(contract.crop)} ${contract.input.width} × ${contract.input.height} pixels.`,
    ],
    ['Says', contract.outputs.map ? 'A score, and a map of where.' : 'A score.'],
    ['Trained on', sentence(contract.training.data)],
    ['Terms of that data', sentence(contract.training.terms)],
    ['Frames to a score', aggregationInWords(contract.aggregation)],
    ['Calibration', calibrationInWords(contract)],
    ['Thresholds', thresholdsInWords(contract)],
    [
      'Does not assess',
      `Faces narrower than ${quality.minFacePixels} pixels, blurred or badly seen; calls nothing stronger than inconclusive from fewer than ${quality.minFaces} faces.`,
    ],
    [
      'Measured error rates',
      quality.measured.length === 0
        ? 'Not measured.'
        : html`<ul class="plain">${quality.measured.map((rates) => html`<li>${ratesInWords(rates)}</li>`)}</ul>`,
    ],
    [
      'Figures',
      contract.figures.length === 0
        ? 'None.'
        : html`<ul class="plain">${contract.figures.map((figure) => html`<li>${figure.metric} <b>${figure.metric.includes('%') ? percent(figure.value) : figure.value}</b>${figure.interval && ` (${figure.interval[0]}–${figure.interval[1]})`}, ${figure.protocol}</li>`)}</ul>`,
    ],
    [
      'Limits',
      html`<ul class="plain">${contract.limits.map((limit) => html`<li>${sentence(limit)}</li>`)}</ul>`,
    ],
    ['Licence', contract.licence],
    ['SHA-256', html`<code>${sha256}</code>`],
  ]);
}
