// Ends after a database was stopped and started meanwhile, with what a broken file gives.
process.once('message', () => {
  setTimeout(() => {
    const error = { code: 'CLIP_NO_FRAMES', title: 'through.mp4 holds no frame that decodes.', next: '' };
    process.send({ kind: 'failed', error, document: null }, () => process.exit(0));
  }, 1_000);
});
