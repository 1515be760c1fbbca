// Fills JavaScript's heap.
process.once('message', () => {
  const kept = [];
  for (;;) kept.push({ text: `${kept.length}`.repeat(50) });
});
