// Ends after a database was stopped and started meanwhile, with what a broken file gives.
import { onTask, tell } from './channel.mjs';

onTask(() => {
  setTimeout(() => {
    const error = { code: 'CLIP_NO_FRAMES', title: 'through.mp4 holds no frame that decodes.', next: '' };
    tell({ kind: 'failed', error, document: null }).then(() => process.exit(0));
  }, 1_000);
});
