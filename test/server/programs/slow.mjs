// Tells of four frames, one every 150 ms, and then that the file could not be read.
process.once('disconnect', () => process.exit(1));
process.once('message', async () => {
  for (let done = 1; done <= 4; done++) {
    process.send({ kind: 'progress', progress: { stage: 'frames', done, total: 4 } });
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  const error = { code: 'CLIP_NOT_MEDIA', title: 'slow.mjs says so.', next: '' };
  process.send({ kind: 'failed', error, document: null }, undefined, {}, () => process.exit(0));
});
