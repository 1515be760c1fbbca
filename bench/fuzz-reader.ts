/** The process that `fuzz.ts` lets read its inputs, one after another, until one of them kills it. */
import { readFile } from 'node:fs/promises';
import { UserError } from '../src/base/errors.ts';
import { readManifest, staysInside } from '../src/data/manifest.ts';
import { loadDetector } from '../src/detect/detector.ts';
import { openClip } from '../src/media/open.ts';
import { parseSampling } from '../src/media/sampling.ts';
import { verifyBundle } from '../src/report/bundle/verify.ts';
import { readRecipe } from '../src/train/recipe.ts';

export interface Ask {
  kind: 'media' | 'model' | 'bundle' | 'recipe' | 'manifest';
  path: string;
}

/** As a server's default. */
const maxPixels = 35_389_440;

process.on('message', async ({ kind, path }: Ask) => {
  const answer = await read[kind](path).catch((error: unknown) =>
    error instanceof UserError ? error.code : `FAULT ${error instanceof Error ? error.stack : error}`,
  );
  process.send?.(answer);
});
process.once('disconnect', () => process.exit(0));

/** Whatever was read, no object has got a property that it was not given. */
function unpolluted(answer: string): string {
  const added = ['polluted', 'steps', 'file'].find((key) => key in {});
  return added === undefined ? answer : `FAULT every object has ${added}`;
}

const read: Record<Ask['kind'], (path: string) => Promise<string>> = {
  media: async (path) => {
    const reader = await openClip(path, { maxPixels });
    try {
      await reader.scan();
      let frames = 0;
      for await (const _ of reader.frames(parseSampling('even:3'))) frames++;
      if (frames > 0) return 'frames';
      return reader.dropped.length > 0 ? 'all dropped, counted' : 'FAULT no frame and no reason';
    } finally {
      await reader.close();
    }
  },
  model: async (path) => {
    await (await loadDetector(path, { threads: 1 })).close();
    return 'loaded';
  },
  recipe: async (path) => {
    await readRecipe(path);
    return unpolluted('a recipe');
  },
  manifest: async (path) => {
    const { items } = await readManifest(path);
    const outside = items.find(
      ({ file, mask }) => !staysInside(file) || (mask !== undefined && !staysInside(mask)),
    );
    return outside
      ? `FAULT a path that leads outside: ${outside.file.slice(0, 80)}`
      : unpolluted('a manifest');
  },
  bundle: async (path) =>
    verifyBundle(await readFile(path)).ok ? 'FAULT a changed bundle passes' : 'refused',
};
