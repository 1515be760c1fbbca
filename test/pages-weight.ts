/** What a browser loads before it can show the first page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface Weight {
  path: string;
  /** As sent with gzip; the server's own compression may differ a little. */
  gzipBytes: number;
}

/** Scripts and styles that `index.html` names, and all that these import before they run. */
export function firstView(folder: string): Weight[] {
  const read = (path: string) => readFileSync(join(folder, path));
  const page = read('index.html').toString();
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    if (!path.endsWith('.js')) return;
    // Imports at the top of a module are awaited; `import(…)` is not.
    for (const [, name] of read(path)
      .toString()
      .matchAll(/(?:from|import)\s*["']\.\/([^"']+)["']/g)) {
      visit(`assets/${name}`);
    }
  };
  for (const [, path] of page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) visit(path);
  return [...seen].map((path) => ({ path, gzipBytes: gzipSync(read(path)).length }));
}
