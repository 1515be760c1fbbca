/** Prints what the pages weigh: `npx tsx scripts/page-weight.ts` after `npm run build`. */
import { fileURLToPath } from 'node:url';
import { firstView } from '../test/pages-weight.ts';

const weights = firstView(fileURLToPath(new URL('../dist/web', import.meta.url)));
for (const { path, gzipBytes } of weights)
  console.log(`${(gzipBytes / 1000).toFixed(1).padStart(8)} kB  ${path}`);
const sum = (end: string) =>
  weights.filter(({ path }) => path.endsWith(end)).reduce((total, { gzipBytes }) => total + gzipBytes, 0);
console.log(
  `first view: script ${(sum('.js') / 1000).toFixed(1)} kB, style ${(sum('.css') / 1000).toFixed(1)} kB (gzip)`,
);
