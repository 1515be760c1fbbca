/** The channel to the process that started this one. */
import { Socket } from 'node:net';
import { channelFile, LineChannel } from './line-channel.ts';
import type { ToAnalysis } from './messages.ts';

/** What the server sends is the server's own: the limit is only that of a string. */
const longest = 2 ** 28;

export interface Parent<Task, From, Answer = ToAnalysis> {
  /** What is to be done: the first message. */
  readonly task: Promise<Task>;
  /** Settled once it is out. */
  tell(message: From): Promise<void>;
  onAnswer(listener: (answer: Answer) => void): void;
}

/** A server that died has nobody to tell: this process ends with it. */
export function openParent<Task, From, Answer = ToAnalysis>(): Parent<Task, From, Answer> {
  let answered: ((answer: Answer) => void) | undefined;
  let begin: ((task: Task) => void) | undefined;
  const task = new Promise<Task>((resolve) => {
    begin = resolve;
  });
  const channel = new LineChannel(new Socket({ fd: channelFile, readable: true, writable: true }), {
    longest,
    onMessage: (message) => {
      if (begin) begin(message as Task);
      else answered?.(message as Answer);
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
