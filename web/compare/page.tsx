import { useEffect, useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { visible } from '../../src/report/html.ts';
import { outcomeOf, outcomeWords } from '../../src/report/wording.ts';
import type { ClipSummary } from '../../src/server/api.ts';
import { Player } from '../clip/player.tsx';
import { Playhead } from '../clip/playhead.ts';
import { Timeline } from '../clip/timeline.tsx';
import { type View, viewOf } from '../clip/view.ts';
import { ProblemNote } from '../parts/problem.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { useLoad } from '../server/load.ts';
import { server } from '../server/request.ts';
import { Differences } from './differences.tsx';

/** Two analyses side by side: of two clips, or of one clip by two detectors. */
export default function ComparePage() {
  const [params, setParams] = useSearchParams();
  const [a, b] = [params.get('a') ?? '', params.get('b') ?? ''];
  const list = useLoad('done clips', () => server.clips({ status: 'done', limit: 200 }));
  const choose = (side: 'a' | 'b', id: string) =>
    setParams((old) => new URLSearchParams([...[...old].filter(([name]) => name !== side), [side, id]]));
  const left = useView(a);
  const right = useView(b);
  const playheads = useMemo(() => [new Playhead(), new Playhead()] as const, []);
  const [linked, setLinked] = useState(true);
  useLinked(playheads, linked);
  const clips = list.value?.clips ?? [];
  return (
    <>
      <PageTitle title="Compare" />
      <p className="lede">Two clips, or one clip looked at by two detectors.</p>
      {list.status === 'failed' && <ProblemNote error={list.error} />}
      <div className="pair">
        <Choice label="On the left" clips={clips} chosen={a} onChoose={(id) => choose('a', id)} />
        <Choice label="On the right" clips={clips} chosen={b} onChoose={(id) => choose('b', id)} />
      </div>
      {list.value && clips.length < 2 && (
        <p className="muted">
          Comparing takes two finished scans. On a clip’s page, “Ask another detector” makes a second one.
        </p>
      )}
      {left.view && right.view && (
        <>
          <Differences left={left.view} right={right.view} />
          <label className="check">
            <input type="checkbox" checked={linked} onChange={() => setLinked(!linked)} /> Move through both
            together
          </label>
        </>
      )}
      <div className="pair">
        <Side loaded={left} playhead={playheads[0]} />
        <Side loaded={right} playhead={playheads[1]} />
      </div>
    </>
  );
}

interface LoadedView {
  id: string;
  view: View | null;
  error?: { message: string; next: string };
}

function useView(id: string): LoadedView {
  const loaded = useLoad(`view ${id}`, async () => (id === '' ? null : server.clip(id)));
  const clip = loaded.value?.id === id ? loaded.value : null;
  const view = useMemo(() => (clip ? viewOf(clip) : null), [clip]);
  if (loaded.status === 'failed') return { id, view: null, error: loaded.error };
  if (clip && !view) {
    return { id, view, error: { message: `${visible(clip.name)} has no result yet.`, next: 'Wait for it.' } };
  }
  return { id, view };
}

function useLinked([left, right]: readonly [Playhead, Playhead], linked: boolean): void {
  useEffect(() => {
    if (!linked) return;
    let echo = false;
    const carry = (to: Playhead) => (time: number) => {
      if (echo) return;
      echo = true;
      to.seek(time);
      echo = false;
    };
    const ends = [left.onSeek(carry(right)), right.onSeek(carry(left))];
    return () => {
      for (const end of ends) end();
    };
  }, [left, right, linked]);
}

interface ChoiceProps {
  label: string;
  clips: readonly ClipSummary[];
  chosen: string;
  onChoose: (id: string) => void;
}

function Choice({ label, clips, chosen, onChoose }: ChoiceProps) {
  const known = chosen === '' || clips.some(({ id }) => id === chosen);
  return (
    <label className="choice">
      <span>{label}</span>
      <select value={chosen} onChange={(event) => onChoose(event.target.value)}>
        <option value="" disabled>
          choose a scan
        </option>
        {!known && <option value={chosen}>an older scan</option>}
        {clips.map((clip) => (
          <option key={clip.id} value={clip.id}>
            {`${visible(clip.name)} – ${clip.detector}`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Side({ loaded: { id, view, error }, playhead }: { loaded: LoadedView; playhead: Playhead }) {
  if (error) return <ProblemNote error={error} />;
  if (!view) return <div className="empty-side">{id === '' && <p className="muted">Nothing chosen.</p>}</div>;
  const name = visible(view.name);
  return (
    <section aria-label={`${name}, ${view.contract.name}`} className="side">
      <h2>
        <Link href={`/clips/${id}`}>
          <bdi>{name}</bdi>
        </Link>
      </h2>
      <p className="muted">
        {view.contract.name}: {outcomeWords[outcomeOf(view.result)]}
      </p>
      {view.result.status !== 'error' && (
        <>
          <Player view={view} playhead={playhead} />
          <Timeline view={view} playhead={playhead} />
        </>
      )}
    </section>
  );
}
