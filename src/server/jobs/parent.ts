/** The channel to the process that started this one. */
import { Socket } from 'node:net';
import { channelFile, LineChannel } from './line-channel.ts';
import type { AnalysisTask, FromAnalysis, ToAnalysis } from './messages.ts';

/** What the server sends is the server's own: the limit is only that of a string. */
const longest = 2 ** 28;

export interface Parent {
  /** What is to be done: the first message. */
  readonly task: Promise<AnalysisTask>;
  /** Settled once it is out. */
  tell(message: FromAnalysis): Promise<void>;
  onAnswer(listener: (answer: ToAnalysis) => void): void;
}

/** A server that died has nobody to tell: this process ends with it. */
export function openParent(): Parent {
  let answered: ((answer: ToAnalysis) => void) | undefined;
  let begin: ((task: AnalysisTask) => void) | undefined;
  const task = new Promise<AnalysisTask>((resolve) => {
    begin = resolve;
  });
  const channel = new LineChannel(new Socket({ fd: channelFile, readable: true, writable: true }), {
    longest,
    onMessage: (message) => {
      if (begin) begin(message as AnalysisTask);
      else answered?.(message as ToAnalysis);
      begin = undefined;
    },
    onEnd: () => process.exit(1),
  });
  return {
    task,
    tell: (message) => channel.send(message),
    onAnswer: (listener) => {
      answered = listener;
    },
  };
}
