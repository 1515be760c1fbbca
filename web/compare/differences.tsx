import { plural, range, score } from '../../src/report/format.ts';
import { visible } from '../../src/report/html.ts';
import { usualFace } from '../../src/report/sections.ts';
import { measuredAt, openEnded, outcomeOf, ratesInWords } from '../../src/report/wording.ts';
import type { View } from '../clip/view.ts';
import { Scroll } from '../parts/scroll.tsx';
import { VerdictWord } from '../parts/verdict.tsx';

/** The two results as a table, with what must be known before they are set against each other. */
export function Differences({ left, right }: { left: View; right: View }) {
  const sameFile = left.result.clip.sha256 !== null && left.result.clip.sha256 === right.result.clip.sha256;
  const sameDetector = left.result.detector?.sha256 === right.result.detector?.sha256;
  const rows: [string, (view: View) => React.ReactNode][] = [
    ['Clip', (view) => <bdi>{visible(view.name)}</bdi>],
    ['Detector', (view) => view.contract.name],
    ['Verdict', (view) => <VerdictWord outcome={outcomeOf(view.result)} />],
    ['Score', (view) => (view.result.score === null ? 'no score' : score(view.result.score))],
    ['95 % interval', (view) => intervalOf(view)],
    [
      'Thresholds',
      ({ contract: { thresholds } }) => `${score(thresholds.notFound)} and ${score(thresholds.likely)}`,
    ],
    ['Frames examined', (view) => view.result.framesAnalysed],
    ['Faces scored', (view) => view.result.tracks.reduce((sum, track) => sum + track.faces, 0)],
    [
      'People',
      (view) => plural(new Set(view.result.tracks.map(({ person }) => person)).size, 'person', 'people'),
    ],
    ['Error rate on faces like these', ratesOf],
  ];
  return (
    <>
      <p>
        {sameFile ? 'Both looked at the same file, byte for byte.' : 'These are two different files.'}{' '}
        {!sameDetector &&
          'The detectors have scales and thresholds of their own: compare the verdicts and where the scores rise, not the numbers.'}
      </p>
      <Scroll label="The two results">
        <table className="differences">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">What</span>
              </th>
              <th scope="col">Left</th>
              <th scope="col">Right</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([what, of]) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td className="num">{of(left)}</td>
                <td className="num">{of(right)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

function intervalOf({ result }: View): string {
  if (!result.interval) return 'none';
  return openEnded(result) ? 'too few faces' : range(result.interval);
}

function ratesOf({ contract, result }: View): string {
  const rates = measuredAt(contract, usualFace(result));
  return rates ? ratesInWords(rates) : 'Not measured.';
}
