// Takes more and more memory outside of JavaScript's heap, and uses it.
process.once('disconnect', () => process.exit(1));
process.once('message', () => {
  const kept = [];
  setInterval(() => kept.push(Buffer.alloc(32 * 2 ** 20, 1)), 20);
});
