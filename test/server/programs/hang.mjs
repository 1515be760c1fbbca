// Begins and never ends.
import { onTask, tell } from './channel.mjs';

onTask(() => {
  tell({ kind: 'progress', progress: { stage: 'frames', done: 1, total: 4 } });
  setInterval(() => undefined, 1000);
});
