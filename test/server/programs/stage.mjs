// In place of an analysis: waits as many milliseconds as the clip's name says (`stage-500-7`), and ends. For benches.
import { onTask, tell } from './channel.mjs';

onTask(({ name }) => {
  const milliseconds = Number(/^stage-(\d+)-/.exec(name)?.[1] ?? 0);
  setTimeout(() => {
    const error = { code: 'CLIP_NO_FRAMES', title: `${name} was never a clip.`, next: '' };
    tell({ kind: 'failed', error, document: null }).then(() => process.exit(0));
  }, milliseconds);
});
