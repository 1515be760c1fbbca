/** Progress with time left, on stderr: a bar on a terminal, a line every ten seconds elsewhere, or nothing. */
import { SingleBar } from 'cli-progress';
import type { ScanProgress } from '../detect/types.ts';
import { clock } from '../report/format.ts';
import { oneLine, type Stream } from './io.ts';
import { shorten } from './table.ts';

export interface Progress {
  /** A clip begins; `index` from 0. */
  begin(index: number, path: string): void;
  /** The same clip begins anew with another stage, which takes its own time: what is left is told of the stage. */
  stage(name: string): void;
  update(progress: ScanProgress): void;
  /** The clip is done. */
  end(): void;
  /** A line that stays, above the bar. */
  note(line: string): void;
  stop(): void;
}

const everySeconds = 10;

/** Share of a clip that is done. Reading and looking takes nearly all of the time, so the rest gets a tenth. */
export function shareOf({ stage, done, total }: ScanProgress): number {
  if (stage === 'open') return 0;
  if (stage === 'done') return 1;
  const share = total > 0 ? Math.min(1, done / total) : 0;
  return stage === 'frames' ? 0.05 + 0.85 * share : 0.9 + 0.1 * share;
}

/** Seconds left if the rest goes as fast as what is done; undefined while too little is done to tell. */
export function timeLeft(elapsedSeconds: number, share: number): number | undefined {
  return share > 0.02 && elapsedSeconds >= 1 ? (elapsedSeconds * (1 - share)) / share : undefined;
}

/** @param total How many clips there are. */
export function startProgress(
  stderr: Stream,
  total: number,
  quiet: boolean,
  now: () => number = () => performance.now() / 1000,
): Progress {
  const note = (line: string) => void stderr.write(`${line}\n`);
  const nothing = () => {};
  if (quiet) return { begin: nothing, stage: nothing, update: nothing, end: nothing, note, stop: nothing };
  const state = { done: 0, share: 0, name: '', start: now(), stageStart: undefined as number | undefined };
  const overall = () => (total === 0 ? 1 : (state.done + state.share) / total);
  const left = () => {
    const { stageStart } = state;
    const staged = stageStart !== undefined;
    const seconds = staged
      ? timeLeft(now() - stageStart, state.share)
      : timeLeft(now() - state.start, overall());
    if (seconds === undefined) return 'time left unknown';
    return `${clock(Math.ceil(seconds))} left${staged ? ' of this stage' : ''}`;
  };
  const display = stderr.isTTY ? bar(stderr, total) : lines(stderr, total, now);
  return {
    begin: (index, path) => {
      state.done = index;
      state.share = 0;
      state.stageStart = undefined;
      state.name = oneLine(path);
      display.show(state.done, overall(), state.name, left());
    },
    stage: (name) => {
      state.share = 0;
      state.stageStart = now();
      state.name = oneLine(name);
      display.show(state.done, overall(), state.name, left());
    },
    update: (progress) => {
      state.share = shareOf(progress);
      display.show(state.done, overall(), state.name, left());
    },
    end: () => {
      state.done += 1;
      state.share = 0;
      display.show(state.done, overall(), state.name, left());
    },
    note: (line) => display.note(line),
    stop: () => display.stop(),
  };
}

interface Display {
  show(done: number, share: number, name: string, left: string): void;
  note(line: string): void;
  stop(): void;
}

function bar(stderr: Stream, total: number): Display {
  const single = new SingleBar({
    stream: stderr as NodeJS.WriteStream,
    format: '{bar} {percentage} %  {done}/{total_}  {left}  {name}',
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    fps: 8,
  });
  single.start(1000, 0, { done: 0, total_: total, left: '', name: '' });
  return {
    show: (done, share, name, left) => {
      // What is left of the line after the bar and the figures.
      const room = Math.max(10, (stderr.columns ?? 80) - 62);
      single.update(Math.round(share * 1000), { done, total_: total, left, name: shorten(name, room) });
    },
    note: (line) => {
      // Back to the line's start and clear it; the bar draws itself again below.
      stderr.write(`\r\u001b[2K${line}\n`);
      single.render();
    },
    stop: () => single.stop(),
  };
}

function lines(stderr: Stream, total: number, now: () => number): Display {
  let last = now();
  return {
    show: (done, share, name, left) => {
      if (now() - last < everySeconds) return;
      last = now();
      stderr.write(`mesoscope: ${done} of ${total} done, ${Math.floor(share * 100)} %, ${left} (${name})\n`);
    },
    note: (line) => void stderr.write(`${line}\n`),
    stop: () => {},
  };
}
