import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { clock, list, score } from '../../src/report/format.ts';
import {
  drawLanes,
  type Lanes,
  type Layout,
  lanesOf,
  narrowLayout,
  wideLayout,
} from '../../src/report/lanes.ts';
import { toneOfScore } from '../../src/report/marks.ts';
import { faceless, leftOut, timelineKey } from '../../src/report/timeline-key.ts';
import { outcomeWords } from '../../src/report/wording.ts';
import { Markup } from '../parts/markup.tsx';
import { onPaletteChange } from '../parts/theme.ts';
import type { Chart } from './chart.ts';
import { keyTarget } from './keys.ts';
import type { Playhead } from './playhead.ts';
import type { View } from './view.ts';
import { placeAt } from './where.ts';

/** Narrower than this, the names stand above their lanes. */
const narrow = 620;

/** One lane a person; a slider over the clip's time for pointers and keys. */
export function Timeline({ view, playhead }: { view: View; playhead: Playhead }) {
  const { result, contract } = view;
  const drawn = useMemo(() => lanesOf(result), [result]);
  if (!drawn) return null;
  const scored = result.tracks.filter((track) => track.frames.length > 0);
  const unscored = leftOut(result.tracks);
  return (
    <div className="timeline">
      <Lanesline lanes={drawn} thresholds={contract.thresholds} playhead={playhead} />
      <Markup
        of={timelineKey(
          drawn.cuts.length > 0,
          drawn.lanes.some(({ track }) => track.unscored),
        )}
      />
      {unscored && <Markup of={unscored} />}
      {faceless(scored, drawn.end, drawn.gap) && (
        <Markup of={faceless(scored, drawn.end, drawn.gap) as Exclude<ReturnType<typeof faceless>, false>} />
      )}
      {drawn.hidden > 0 && (
        <p className="muted">{drawn.hidden} less suspicious tracks are not drawn; all are listed below.</p>
      )}
      <p className="muted keys">
        Click, or use the keys: <kbd>←</kbd> <kbd>→</kbd> examined frames, <kbd>↑</kbd> <kbd>↓</kbd> cuts,{' '}
        <kbd>Home</kbd> <kbd>End</kbd>, <kbd>Space</kbd> plays.
      </p>
    </div>
  );
}

interface LaneslineProps {
  lanes: Lanes;
  thresholds: View['contract']['thresholds'];
  playhead: Playhead;
}

function Lanesline({ lanes, thresholds, playhead }: LaneslineProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const needle = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);
  const [width, setWidth] = useState(0);
  const layout: Layout = (width > 0 && width < narrow ? narrowLayout : wideLayout)(
    lanes.lanes.length,
    width || 900,
  );
  const drawing = drawLanes(lanes, thresholds, layout);
  const { end } = lanes;
  const times = useMemo(() => examinedTimes(lanes), [lanes]);

  useEffect(() => {
    const resized = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    resized.observe(box.current!);
    return () => resized.disconnect();
  }, []);

  // The drawing follows from these.
  useEffect(() => {
    if (width === 0) return;
    let chart: Chart | undefined;
    let gone = false;
    void import('./chart.ts').then(({ openChart }) => {
      if (gone) return;
      chart = openChart(canvas.current!);
      chart.draw(drawing);
    });
    const end = onPaletteChange(() => chart?.draw(drawing));
    return () => {
      gone = true;
      end();
      chart?.dispose();
    };
  }, [width, lanes, thresholds]);

  useEffect(() => {
    const show = (time: number) => {
      const share = Math.min(1, time / end);
      const x = layout.left + share * (layout.width - layout.left - layout.right);
      needle.current!.style.transform = `translateX(${x}px)`;
      const words = wordsAt(lanes, thresholds, time);
      readout.current!.textContent = words;
      box.current!.setAttribute('aria-valuenow', time.toFixed(2));
      box.current!.setAttribute('aria-valuetext', words);
    };
    show(playhead.time);
    return playhead.subscribe(show);
  }, [playhead, lanes, thresholds, end, layout.left, layout.right, layout.width]);

  const seekTo = (event: PointerEvent<HTMLDivElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const share = (x - layout.left) / (layout.width - layout.left - layout.right);
    playhead.seek(Math.max(0, Math.min(1, share)) * end);
  };
  const keys = (event: KeyboardEvent) => {
    const target = keyTarget(event.key, playhead.time, times, lanes.cuts, end);
    if (target === undefined) return;
    event.preventDefault();
    if (target === 'toggle') playhead.toggle();
    else playhead.seek(target);
  };
  return (
    <>
      <p className="readout num" ref={readout} />
      <div
        ref={box}
        className="lanes"
        style={{ height: drawing.height }}
        role="slider"
        tabIndex={0}
        aria-label="Time in the clip, with each person’s scores"
        aria-valuemin={0}
        aria-valuemax={Number(end.toFixed(2))}
        aria-valuenow={0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          seekTo(event);
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
        }}
        onKeyDown={keys}
      >
        <div ref={canvas} className="lanes-canvas" aria-hidden="true" />
        <div ref={needle} className="needle" aria-hidden="true" />
      </div>
    </>
  );
}

function examinedTimes({ lanes }: Lanes): number[] {
  const times = new Set(lanes.flatMap(({ track }) => track.frames.map((frame) => frame.timeSeconds)));
  return [...times].sort((a, b) => a - b);
}

const toneWords = {
  likely: outcomeWords.manipulation_likely,
  unsure: outcomeWords.inconclusive,
  clear: outcomeWords.no_manipulation_found,
  none: outcomeWords.not_assessable,
} as const;

/** `0:04.3 – Person 1 scores 0.62 (inconclusive)`: of the looks nearest to the time. */
function wordsAt({ lanes, gap }: Lanes, thresholds: LaneslineProps['thresholds'], time: number): string {
  const seen = lanes.flatMap(({ track, name }) => {
    const place = placeAt(track, time, gap);
    if (!place) return [];
    const tone = toneWords[toneOfScore(place.nearest.score, thresholds)].toLowerCase();
    return [`${name} scores ${score(place.nearest.score)} (${tone})`];
  });
  return `${clock(time, 1)}: ${seen.length > 0 ? list(seen) : 'no scored face'}`;
}
