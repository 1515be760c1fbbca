import { expect, test } from 'vitest';
import { hostileName, sampleAnalyses } from '../../test/report-samples.ts';
import { clipReport } from './clip.ts';
import { renameReport } from './rename.ts';

const samples = sampleAnalyses();
const createdAt = new Date('2026-03-04T05:06:07Z');

const pageOf = (sample: string, path: string) => {
  const { analysis, contract } = samples[sample];
  const result = { ...analysis.result, clip: { ...analysis.result.clip, path } };
  return clipReport({ ...analysis, result }, { contract, replay: `scan ${path}`, createdAt });
};

const names = ['a.mp4', 'x/a.mp4', 'a', 'pre', "it's $& <b>.mp4", hostileName];

test.each(names.map((from, i) => [from, names[(i + 1) % names.length]]))(
  '%s becomes %s',
  async (from, to) => {
    const renamed = renameReport(
      await pageOf('clean', from),
      { path: from, replay: `scan ${from}` },
      { path: to, replay: `scan ${to}` },
    );
    expect(renamed).toBe(await pageOf('clean', to));
  },
);
