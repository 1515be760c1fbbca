/** The process that `fuzz.ts` lets read its inputs, one after another, until one of them kills it. */
import { readFile } from 'node:fs/promises';
import { UserError } from '../src/base/errors.ts';
import { loadDetector } from '../src/detect/detector.ts';
import { openClip } from '../src/media/open.ts';
import { parseSampling } from '../src/media/sampling.ts';
import { verifyBundle } from '../src/report/bundle/verify.ts';

export interface Ask {
  kind: 'media' | 'model' | 'bundle';
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
  bundle: async (path) =>
    verifyBundle(await readFile(path)).ok ? 'FAULT a changed bundle passes' : 'refused',
};
