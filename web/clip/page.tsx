import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { visible } from '../../src/report/html.ts';
import { type Clip, type ClipSummary, finalStatuses } from '../../src/server/api.ts';
import { ProblemNote } from '../parts/problem.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { clipStage, timeLeft } from '../scan/stage-words.ts';
import { useLoad } from '../server/load.ts';
import { server } from '../server/request.ts';
import { watchClip } from '../server/watch.ts';
import { ClipActions, DeleteButton } from './actions.tsx';
import { ResultView } from './result.tsx';
import { viewOf } from './view.ts';

/** One clip: its progress until it is done, then its result. */
export default function ClipPage({ id }: { id: string }) {
  const loaded = useLoad(`clip ${id}`, () => server.clip(id));
  const clip = loaded.value;
  if (!clip) {
    if (loaded.status !== 'failed') return <div className="room" />;
    return (
      <>
        <PageTitle title="No such clip" />
        <ProblemNote error={loaded.error} />
        <p>
          <Link href="/clips">To the history</Link>
        </p>
      </>
    );
  }
  if (!finalStatuses.includes(clip.status)) return <UnderWay clip={clip} onEnd={loaded.reload} />;
  const view = viewOf(clip);
  return view ? <ResultView view={view} actions={<ClipActions clip={clip} />} /> : <NoResult clip={clip} />;
}

function UnderWay({ clip, onEnd }: { clip: Clip; onEnd: () => void }) {
  const [state, setState] = useState<ClipSummary>(clip);
  const [lost, setLost] = useState(false);
  useEffect(
    () =>
      watchClip(clip.id, {
        onState: (next) => {
          setState(next);
          if (finalStatuses.includes(next.status)) onEnd();
        },
        onGone: onEnd,
        onLost: setLost,
      }),
    [clip.id, onEnd],
  );
  const { words, fraction, secondsLeft } = clipStage(state);
  return (
    <>
      <PageTitle title={visible(clip.name)} />
      <p className="lede">Being scanned by {clip.detector}. You may close this page: it goes on.</p>
      <div className="item">
        <progress aria-label="Progress" max={1} {...(fraction === null ? {} : { value: fraction })} />
        <p className="item-stage" role="status">
          <span>{words}</span>
          <span className="num">{timeLeft(secondsLeft)}</span>
        </p>
        {lost && <p className="item-note">Connection lost. It is tried again.</p>}
        <button type="button" onClick={() => server.cancel(clip.id).then(onEnd, onEnd)}>
          Cancel
        </button>
      </div>
    </>
  );
}

/** Cancelled, or the analysis itself failed: there is no score, and none is invented. */
function NoResult({ clip }: { clip: Clip }) {
  const name = visible(clip.name);
  return (
    <>
      <PageTitle title={name} />
      {clip.error ? (
        <ProblemNote error={{ message: clip.error.title, next: clip.error.next }} />
      ) : (
        <p>The scan was cancelled. There is no result.</p>
      )}
      <div className="action-row">
        <button
          type="button"
          onClick={() =>
            server
              .rescan(clip.id, { detector: clip.detector, sample: clip.sample })
              .then(({ id }) => location.assign(`/clips/${id}`))
          }
        >
          Scan it again
        </button>
        <DeleteButton
          name={name}
          onDelete={() => server.remove(clip.id).then(() => location.assign('/clips'))}
        />
      </div>
    </>
  );
}
