import type { TrackResult } from '../../src/detect/result.ts';
import { clock, plural, score, sentence } from '../../src/report/format.ts';
import { scoreBar, toneOfScore } from '../../src/report/marks.ts';
import {
  intervalText,
  isPicture,
  measuredAt,
  openEnded,
  ratesInWords,
  stretch,
  trackName,
} from '../../src/report/wording.ts';
import type { EvidenceCropDocument } from '../../src/server/api.ts';
import { Markup } from '../parts/markup.tsx';
import { VerdictWord } from '../parts/verdict.tsx';
import type { Playhead } from './playhead.ts';
import type { View } from './view.ts';

/** More people than this at once and no one reads them. */
const mostAtOnce = 12;

/** Each person: the verdict, how often the detector errs on such faces, and the faces behind the score. */
export function People({ view, playhead }: { view: View; playhead: Playhead }) {
  const tracks = view.result.tracks.toSorted((a, b) => (b.score ?? -1) - (a.score ?? -1) || a.id - b.id);
  const [first, rest] = [tracks.slice(0, mostAtOnce), tracks.slice(mostAtOnce)];
  const draw = (track: TrackResult) => (
    <Person key={track.id} track={track} view={view} playhead={playhead} />
  );
  return (
    <>
      {first.map(draw)}
      {rest.length > 0 && (
        <details>
          <summary>{plural(rest.length, 'less suspicious track')}</summary>
          {rest.map(draw)}
        </details>
      )}
    </>
  );
}

function Person({ track, view, playhead }: { track: TrackResult; view: View; playhead: Playhead }) {
  const { result, contract } = view;
  const rates = measuredAt(contract, track.facePixels);
  const faces = view.evidence.filter((crop) => crop.trackId === track.id);
  const still = isPicture(result);
  const facts = [
    !still && `seen ${stretch(track.startSeconds, track.endSeconds)}`,
    `${plural(track.faces, 'face')} scored`,
    track.facePixels > 0 && `${Math.round(track.facePixels)} pixels wide`,
  ].filter((fact) => fact !== false);
  return (
    <article className="track">
      <h3>{trackName(track, result.tracks)}</h3>
      <p className="track-verdict">
        <VerdictWord outcome={track.verdict} />
        {track.score !== null && (
          <span className="num">
            <b>{score(track.score)}</b> <span className="muted">{intervalText(track)}</span>
          </span>
        )}
        {track.score !== null && (
          <Markup of={scoreBar(track.score, openEnded(track) ? null : track.interval, contract.thresholds)} />
        )}
      </p>
      <p className="muted">{sentence(facts.join(', '))}</p>
      {track.reasons.length > 0 && <p>{track.reasons.map(sentence).join(' ')}</p>}
      {track.score !== null && (
        <p className="rates">
          <b>On faces like these:</b>{' '}
          {rates ? ratesInWords(rates) : 'how often this detector errs has not been measured.'}
        </p>
      )}
      {faces.length > 0 && (
        <div className="crops">
          <Strip title="Most suspicious" end="most" faces={faces} view={view} playhead={playhead} />
          <Strip title="Least suspicious" end="least" faces={faces} view={view} playhead={playhead} />
        </div>
      )}
    </article>
  );
}

interface StripProps {
  title: string;
  end: EvidenceCropDocument['end'];
  faces: readonly EvidenceCropDocument[];
  view: View;
  playhead: Playhead;
}

function Strip({ title, end, faces, view, playhead }: StripProps) {
  const own = faces.filter((face) => face.end === end);
  if (own.length === 0) return null;
  const still = isPicture(view.result);
  return (
    <div>
      <h4>{title}</h4>
      <div className="strip">
        {own.map((face) => {
          const map = view.maps.find(({ n }) => n === face.map);
          const when = clock(face.timeSeconds, 1);
          return (
            <figure key={face.n}>
              <button
                type="button"
                disabled={still}
                onClick={() => playhead.seek(face.timeSeconds)}
                aria-label={
                  still ? `Face, score ${score(face.score)}` : `Go to ${when}, score ${score(face.score)}`
                }
              >
                <img src={face.url} width={face.width} height={face.height} alt="" loading="lazy" />
                {map && (
                  <img
                    className="over"
                    src={map.url}
                    width={face.width}
                    height={face.height}
                    alt=""
                    loading="lazy"
                  />
                )}
              </button>
              <figcaption className={toneOfScore(face.score, view.contract.thresholds)}>
                <b>{score(face.score)}</b>
                {!still && <span>{when}</span>}
              </figcaption>
            </figure>
          );
        })}
      </div>
    </div>
  );
}
