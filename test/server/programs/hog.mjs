// Takes more and more memory outside of JavaScript's heap, and uses it.
import { onTask } from './channel.mjs';

onTask(() => {
  const kept = [];
  setInterval(() => kept.push(Buffer.alloc(32 * 2 ** 20, 1)), 20);
});
