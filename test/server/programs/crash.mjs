// Dies in the middle, as a decoder does that a file has driven out of its memory.
import { onTask, tell } from './channel.mjs';

onTask(() => {
  tell({ kind: 'progress', progress: { stage: 'frames', done: 1, total: 4 } });
  setTimeout(() => process.kill(process.pid, 'SIGSEGV'), 50);
});
