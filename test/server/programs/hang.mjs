// Begins and never ends.
process.once('disconnect', () => process.exit(1));
process.once('message', () => {
  process.send({ kind: 'progress', progress: { stage: 'frames', done: 1, total: 4 } });
  setInterval(() => undefined, 1000);
});
