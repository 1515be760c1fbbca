/** The numbers of an event by the names that both loggers use. */
import type { RunEvent } from '../run.ts';

export interface Scalars {
  step: number;
  values: [tag: string, value: number][];
}

/** `undefined` for events without numbers. */
export function scalarsOf(event: RunEvent): Scalars | undefined {
  if (event.kind === 'train') {
    const { step, loss, norm, accuracy, learningRate, imagesPerSecond } = event;
    return {
      step,
      values: [
        ['train/loss', loss],
        ['train/gradient_norm', norm],
        ['train/accuracy', accuracy],
        ['train/learning_rate', learningRate],
        ['train/images_per_second', imagesPerSecond],
      ],
    };
  }
  if (event.kind !== 'validation') return undefined;
  const { step, metrics } = event;
  return { step, values: Object.entries(metrics).map(([name, value]) => [`validation/${name}`, value]) };
}
