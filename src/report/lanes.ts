/** The drawing of who and when: one lane a track with its scores over time, as an ECharts option. No HTML, no Node. */
import type { Contract } from '../detect/contract.ts';
import type { ClipResult, TrackResult } from '../detect/result.ts';
import { clock, score } from './format.ts';
import { toneOf, toneOfScore } from './marks.ts';
import { outcomeWords, trackName } from './wording.ts';

/** More lanes than this and no one reads them; the most suspicious are drawn, the table has all. */
const mostLanes = 16;

type Thresholds = Contract['thresholds'];

/** What is drawn of a result. */
export interface Lanes {
  lanes: Lane[];
  cuts: readonly number[];
  /** End of the time axis, seconds. */
  end: number;
  /** The usual time between two looks at the clip, seconds. */
  gap: number;
  /** Scored tracks that have no lane. */
  hidden: number;
}

/** The lanes of a result; null where nothing was scored or there is no time. Tracks without scores have no lane. */
export function lanesOf(result: ClipResult): Lanes | null {
  const scored = result.tracks.filter((track) => track.frames.length > 0);
  const end = Math.max(
    result.clip.durationSeconds ?? 0,
    ...scored.map((track) => track.endSeconds),
    ...result.cuts,
  );
  if (scored.length === 0 || end <= 0) return null;
  const gap = usualGap(scored);
  const shown = scored
    .toSorted((a, b) => (b.score ?? -1) - (a.score ?? -1))
    .slice(0, mostLanes)
    .sort((a, b) => a.startSeconds - b.startSeconds || a.id - b.id);
  const lanes = shown.map((track) => ({
    track,
    name: trackName(track, result.tracks),
    runs: unbroken(track, gap),
  }));
  return { lanes, cuts: result.cuts, end, gap, hidden: scored.length - shown.length };
}

export interface Lane {
  track: TrackResult;
  name: string;
  /** Scored faces in unbroken runs: between runs the face was not seen. */
  runs: TrackResult['frames'][];
}

/** The usual time between two looks at the clip: the median gap of all scored times. */
function usualGap(tracks: readonly TrackResult[]): number {
  const times = [...new Set(tracks.flatMap((track) => track.frames.map((frame) => frame.timeSeconds)))];
  times.sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 0;
}

/** Frames further apart than this many usual gaps were not seen in between. */
export const breakAfter = 2.5;

function unbroken(track: TrackResult, gap: number): TrackResult['frames'][] {
  const runs: TrackResult['frames'][] = [];
  let last = -Infinity;
  for (const frame of track.frames) {
    if (frame.timeSeconds - last > breakAfter * gap || runs.length === 0) runs.push([]);
    runs[runs.length - 1].push(frame);
    last = frame.timeSeconds;
  }
  return runs;
}

export interface Layout {
  width: number;
  /** Height of a lane's plot, and the room above it. */
  lane: number;
  above: number;
  left: number;
  right: number;
  /** Names stand beside the lanes, or above them. */
  beside: boolean;
  ticks: number;
}

export function wideLayout(lanes: number, width = 900): Layout {
  const lane = lanes <= 3 ? 104 : lanes <= 7 ? 74 : 52;
  return { width, lane, above: 12, left: 206, right: 36, beside: true, ticks: 9 };
}

export function narrowLayout(lanes: number, width = 358): Layout {
  return { width, lane: lanes <= 4 ? 84 : 56, above: 26, left: 24, right: 34, beside: false, ticks: 5 };
}

/** Colours are CSS variables of the reports' style sheet. */
export function drawLanes(
  { lanes, cuts, end }: Lanes,
  thresholds: Thresholds,
  layout: Layout,
): { width: number; height: number; option: Record<string, unknown> } {
  const top = cuts.length > 0 ? 8 : 2;
  const step = layout.lane + layout.above;
  const height = top + step * lanes.length + 30;
  const tops = lanes.map((_, i) => top + i * step + layout.above);
  const tick = tickStep(end, layout.ticks);
  const last = (i: number) => i === lanes.length - 1;
  const option = {
    grid: lanes.map((_, i) => ({
      left: layout.left,
      right: layout.right,
      top: tops[i],
      height: layout.lane,
      outerBoundsMode: 'none',
      show: true,
      backgroundColor: 'var(--gap)',
      borderWidth: 0,
    })),
    xAxis: lanes.map((_, i) => ({
      type: 'value',
      gridIndex: i,
      min: 0,
      max: end,
      interval: tick,
      axisLine: { show: last(i), onZero: false, lineStyle: { color: 'var(--ink)' } },
      axisTick: { show: last(i), lineStyle: { color: 'var(--ink)' }, length: 4 },
      splitLine: { show: false },
      axisLabel: {
        show: last(i),
        color: 'var(--muted)',
        fontSize: 12,
        // The end of the clip is rarely a round number: its label would crowd the last tick.
        showMaxLabel: false,
        formatter: (value: number) => clock(value, tick < 1 ? 1 : 0),
      },
    })),
    yAxis: lanes.map((_, i) => ({
      type: 'value',
      gridIndex: i,
      min: 0,
      max: 1,
      interval: 1,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { show: false },
      // Low lanes stand so close that one's 0 would touch the next one's 1.
      axisLabel: { show: i === 0 || layout.lane > 60, color: 'var(--muted)', fontSize: 11, margin: 7 },
    })),
    series: lanes.flatMap((lane, i) => laneSeries(lane, i, cuts, end, thresholds)),
    graphic: [
      ...lanes.flatMap((lane, i) => laneTexts(lane, tops[i], layout, thresholds, i === 0)),
      ...cutFlags(cuts, end, layout),
    ],
  };
  return { width: layout.width, height, option };
}

function laneSeries({ track, runs }: Lane, i: number, cuts: readonly number[], end: number, t: Thresholds) {
  const axes = { type: 'line', silent: true, xAxisIndex: i, yAxisIndex: i, emphasis: { disabled: true } };
  // A face seen once still needs a sliver of lane to stand on.
  const sliver = end / 300;
  const stretches = runs.map((run) => [
    // Beyond the axis ECharts drops a line whole.
    Math.max(0, run[0].timeSeconds - sliver),
    Math.min(end, run[run.length - 1].timeSeconds + sliver),
  ]);
  const mean = { color: 'var(--ink)', type: 'solid', width: 1, opacity: 0.6 };
  const points = runs.flatMap((run, r) => [
    ...(r > 0 ? [[run[0].timeSeconds, null]] : []),
    ...run.map((frame) => ({ value: [frame.timeSeconds, frame.score], ...pointStyle(frame.score, t) })),
  ]);
  return [
    {
      ...axes,
      data: [],
      markArea: {
        silent: true,
        // Where the face was seen the lane is paper, with the zones' washes; elsewhere it is grey. Where it was seen and
        // not scored a bar lies at the foot of the lane.
        data: [
          ...stretches.flatMap(([from, to]) => [
            wash(from, to, 0, 1, 'var(--paper)'),
            wash(from, to, t.likely, 1, 'var(--likely-wash)'),
            wash(from, to, 0, t.notFound, 'var(--clear-wash)'),
          ]),
          ...(track.unscored ?? []).map(({ startSeconds, endSeconds }) =>
            wash(
              Math.max(0, startSeconds - sliver),
              Math.min(end, endSeconds + sliver),
              0,
              0.1,
              'var(--muted)',
              0.75,
            ),
          ),
        ],
      },
      markLine: {
        silent: true,
        symbol: 'none',
        label: { show: false },
        data: [
          ...[t.likely, t.notFound].map((yAxis) => ({
            yAxis,
            lineStyle: { color: 'var(--muted)', type: [2, 3], width: 1 },
          })),
          ...cuts.map((xAxis) => ({
            xAxis,
            lineStyle: { color: 'var(--ink)', type: 'solid', width: 1, opacity: 0.45 },
          })),
        ],
      },
    },
    {
      ...axes,
      z: 3,
      data: [],
      markArea: {
        silent: true,
        data: track.interval
          ? stretches.map(([from, to]) => wash(from, to, ...track.interval!, 'var(--band)', 0.1))
          : [],
      },
      markLine: {
        silent: true,
        symbol: 'none',
        label: { show: false },
        data: stretches.flatMap(([from, to]) =>
          track.score === null
            ? []
            : [[{ coord: [from, track.score], lineStyle: mean }, { coord: [to, track.score] }]],
        ),
      },
    },
    {
      ...axes,
      z: 5,
      data: points,
      connectNulls: false,
      showAllSymbol: true,
      // Past a few hundred faces the marks would hide the curve.
      showSymbol: track.frames.length <= 400,
      lineStyle: { color: 'var(--ink)', width: 1.25, opacity: 0.7 },
    },
  ];
}

function wash(x0: number, x1: number, y0: number, y1: number, color: string, opacity = 1) {
  return [{ coord: [x0, y0], itemStyle: { color, opacity } }, { coord: [x1, y1] }];
}

/** Colour and shape both tell on which side of the thresholds a face lies. */
function pointStyle(value: number, thresholds: Thresholds) {
  const tone = toneOfScore(value, thresholds);
  const [symbol, symbolSize] = {
    likely: ['triangle', 8],
    unsure: ['diamond', 8],
    clear: ['circle', 6],
    none: ['circle', 6],
  }[tone] as [string, number];
  return { symbol, symbolSize, itemStyle: { color: `var(--${tone})`, borderWidth: 0 } };
}

function text(content: string, x: number, y: number, size: number, fill: string, weight = 400) {
  return {
    type: 'text',
    silent: true,
    x,
    y,
    style: { text: content, fill, fontSize: size, fontWeight: weight, fontFamily: 'sans-serif' },
  };
}

function laneTexts({ track, name }: Lane, top: number, layout: Layout, t: Thresholds, first: boolean) {
  const tone = `var(--${toneOf[track.verdict]})`;
  const verdict = outcomeWords[track.verdict] + (track.score === null ? '' : ` (${score(track.score)})`);
  const names = layout.beside
    ? [
        text(name, 0, top + layout.lane / 2 - 18, 14, 'var(--ink)', 600),
        text(verdict, 0, top + layout.lane / 2 + 2, 12.5, tone),
      ]
    : [
        text(name, layout.left, top - 17, 12.5, 'var(--ink)', 600),
        text(verdict, layout.left + Math.ceil(name.length * 6.9) + 8, top - 17, 12.5, tone),
      ];
  const right = layout.width - layout.right + 6;
  const thresholds = first || !layout.beside || layout.lane > 60 ? [t.likely, t.notFound] : [];
  // Thresholds that lie close together would print one number over the other.
  const apart = Math.max(0, 12 - (t.likely - t.notFound) * layout.lane) / 2;
  const y = (value: number) => top + (1 - value) * layout.lane - 6 + (value === t.likely ? -apart : apart);
  return [...names, ...thresholds.map((value) => text(score(value), right, y(value), 11, 'var(--muted)'))];
}

/** Small flags above the first lane, where the shot changes. */
function cutFlags(cuts: readonly number[], end: number, layout: Layout) {
  const span = layout.width - layout.left - layout.right;
  // On narrow screens the first lane's name stands between.
  const y = layout.beside ? 11 : 2;
  return cuts.map((cut) => ({
    type: 'polygon',
    silent: true,
    shape: {
      points: [-4, 4, 0].map((dx, i) => [layout.left + (cut / end) * span + dx, y + (i === 2 ? 7 : 0)]),
    },
    style: { fill: 'var(--ink)' },
  }));
}

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** The finest usual clock step that gives at most `most` ticks. */
export function tickStep(end: number, most: number): number {
  return steps.find((step) => end / step <= most) ?? Math.ceil(end / most / 3600) * 3600;
}
