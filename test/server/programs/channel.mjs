// The channel of `src/server/jobs/line-channel.ts`, in as few words as it takes: `onTask` is given the first message.
import { Socket } from 'node:net';

const pipe = new Socket({ fd: 3, readable: true, writable: true });
pipe.on('end', () => process.exit(1)).on('error', () => process.exit(1));

/** Bytes as they are: for those that do not keep to the rules. */
export const write = (text) => new Promise((resolve) => pipe.write(text, resolve));
export const tell = (message) => write(`${JSON.stringify(message)}\n`);

export function onMessage(work) {
  let text = '';
  pipe.setEncoding('utf8').on('data', (piece) => {
    text += piece;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      work(JSON.parse(line));
    }
  });
}

export function onTask(work) {
  let begun = false;
  onMessage((message) => {
    if (!begun) work(message);
    begun = true;
  });
}
