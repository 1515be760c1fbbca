// Fills JavaScript's heap.
import { onTask } from './channel.mjs';

onTask(() => {
  const kept = [];
  for (;;) kept.push({ text: `${kept.length}`.repeat(50) });
});
