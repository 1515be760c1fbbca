// The channel of `src/server/jobs/line-channel.ts`, in as few words as it takes: `onTask` is given the first message.
import { Socket } from 'node:net';

const pipe = new Socket({ fd: 3, readable: true, writable: true });
pipe.on('end', () => process.exit(1)).on('error', () => process.exit(1));

/** Bytes as they are: for those that do not keep to the rules. */
export const write = (text) => new Promise((resolve) => pipe.write(text, resolve));
export const tell = (message) => write(`${JSON.stringify(message)}\n`);

export function onTask(work) {
  let text = '';
  pipe.setEncoding('utf8').on('data', (piece) => {
    const before = text.includes('\n');
    text += piece;
    if (!before && text.includes('\n')) work(JSON.parse(text.slice(0, text.indexOf('\n'))));
  });
}
