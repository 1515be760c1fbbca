// Tells of four frames, one every 150 ms, and then that the file could not be read.
import { onTask, tell } from './channel.mjs';

onTask(async () => {
  for (let done = 1; done <= 4; done++) {
    tell({ kind: 'progress', progress: { stage: 'frames', done, total: 4 } });
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  const error = { code: 'CLIP_NOT_MEDIA', title: 'slow.mjs says so.', next: '' };
  tell({ kind: 'failed', error, document: null }).then(() => process.exit(0));
});
