/** Progress of a training on stderr: one line that renews itself on a terminal, a line every ten seconds elsewhere. */
import { clock } from '../report/format.ts';
import type { RunEvent, RunSummary } from '../train/run.ts';
import { oneLine, type Stream } from './io.ts';

export interface TrainingProgress {
  show(event: RunEvent): void;
  summarise(summary: RunSummary): void;
  stop(): void;
}

const everySeconds = 10;

export function startTrainingProgress(
  stderr: Stream,
  quiet: boolean,
  now: () => number = () => performance.now() / 1000,
): TrainingProgress {
  const terminal = stderr.isTTY === true;
  let open = false;
  let last = Number.NEGATIVE_INFINITY;
  let metric = '';
  const renew = (text: string) => {
    stderr.write(`\r\u001b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
    open = true;
  };
  const close = () => {
    if (open) stderr.write('\r\u001b[2K');
    open = false;
  };
  const note = (text: string) => {
    close();
    stderr.write(`mesoscope: ${oneLine(text)}\n`);
  };
  const show = (event: RunEvent) => {
    if (event.kind === 'start') {
      const { from, steps, items, parameters } = event;
      note(
        `${from === 0 ? 'training' : `continuing after step ${from}`}, ${steps} steps, ${items.train} pictures ` +
          `(${items.validation} for validation), ${parameters} parameters`,
      );
    } else if (event.kind === 'train') {
      if (!terminal && now() - last < everySeconds) return;
      last = now();
      const text = trainingLine(event, metric);
      if (terminal) renew(text);
      else note(text);
    } else if (event.kind === 'validation') {
      metric = validationWords(event);
      note(`step ${event.step}: ${metric}${event.best ? ' (best)' : ''}, ${event.items} pictures`);
    } else if (event.kind === 'warning') {
      note(event.message);
    }
  };
  return {
    show: quiet ? () => {} : show,
    summarise: ({ status, steps, best, metric: name, folder, detector, skipped }) => {
      const how = { finished: 'finished', 'early-stop': 'stopped early', interrupted: 'interrupted' }[status];
      const value = best ? `, best ${name} ${best.value.toFixed(4)} at step ${best.step}` : '';
      note(`${how} after ${steps} steps${value}`);
      if (skipped.length > 0) note(`${skipped.length} pictures could not be read; summary.json lists them`);
      if (detector !== null) note(`detector: ${detector}`);
      if (status === 'interrupted') note(`continue with: mesoscope train --resume ${folder}`);
    },
    stop: close,
  };
}

/** `step 120/2000  loss 0.1234  auc 0.712  58 images/s  wait 2 %  12:34 left` */
export function trainingLine(event: Extract<RunEvent, { kind: 'train' }>, metric: string): string {
  const parts = [
    `step ${event.step}/${event.steps}`,
    `loss ${event.loss.toFixed(4)}`,
    metric,
    `${event.imagesPerSecond.toFixed(1)} images/s`,
    `wait ${Math.round(event.waitShare * 100)} %`,
    `${clock(Math.ceil(event.secondsLeft))} left`,
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function validationWords({ metrics }: Extract<RunEvent, { kind: 'validation' }>): string {
  const shown = ['auc', 'accuracy', 'mean-iou'] as const;
  return shown
    .filter((name) => metrics[name] !== undefined)
    .map((name) => `${name} ${(metrics[name] as number).toFixed(4)}`)
    .join(', ');
}
