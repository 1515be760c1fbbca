// Sends without end: one message that never closes, or small ones that are in order, by the name of its clip.
import { onTask, write } from './channel.mjs';

onTask(async ({ name }) => {
  const progress = { kind: 'progress', progress: { stage: 'frames', done: 1, total: 4 } };
  const piece = name === 'small' ? `${JSON.stringify(progress)}\n`.repeat(1000) : 'x'.repeat(2 ** 20);
  for (;;) await write(piece);
});
