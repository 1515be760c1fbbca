// In place of an analysis: waits as many milliseconds as the clip's name says (`stage-500-7`), and ends.
process.once('disconnect', () => process.exit(1));
process.once('message', ({ name }) => {
  const milliseconds = Number(/^stage-(\d+)-/.exec(name)?.[1] ?? 0);
  setTimeout(() => {
    const error = { code: 'CLIP_NO_FRAMES', title: `${name} was never a clip.`, next: '' };
    process.send({ kind: 'failed', error, document: null }, () => process.exit(0));
  }, milliseconds);
});
