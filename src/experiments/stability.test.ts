import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClipResult } from '../detect/result.ts';
import type { Scanner, ScanOptions } from '../detect/scanner.ts';
import { encodeVideo } from '../media/encode.ts';
import { openClip } from '../media/open.ts';
import { stabilityOf } from './stability.ts';

let folder: string;
const length = (seconds: number) => join(folder, `${seconds}.mp4`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mesoscope-stability-test-'));
  for (const seconds of [2, 24]) {
    const frames = Array.from({ length: seconds * 2 }, (_, t) => ({
      width: 64,
      height: 48,
      data: new Uint8Array(64 * 48 * 3).map((_, i) => (i * 7 + t * 5) % 256),
      timeSeconds: t / 2,
    }));
    await encodeVideo(frames, length(seconds), { frameRate: 2 });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Scores a clip by its size in pixels: variants then differ for a reason that can be checked. */
function scanner(seen: { seconds: number; sampling: ScanOptions['sampling']; path: string }[]): Scanner {
  return {
    contract: {} as Scanner['contract'],
    detector: { name: 'by-size', sha256: '' },
    scan: async (path, options = {}) => {
      const clip = await openClip(path);
      const { width, durationSeconds } = clip.info;
      await clip.close();
      seen.push({ seconds: durationSeconds ?? 0, sampling: options.sampling, path });
      const result = { verdict: 'inconclusive', score: width / 100, interval: null } as ClipResult;
      return { result, evidence: [] };
    },
    close: async () => {},
  };
}

const sampling = { kind: 'even', count: 32 } as const;
const clip = (seconds: number) => ({ path: length(seconds), durationSeconds: seconds }) as ClipResult['clip'];

test('every variant is scanned as the clip was; one looks at other frames of the same file', async () => {
  const seen: Parameters<typeof scanner>[0] = [];
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('mesoscope-stability-')).length;
  const rows = await stabilityOf(scanner(seen), { clip: clip(2), score: 0.6 }, { sampling });
  expect(rows.map(({ variant, score }) => [variant, score])).toEqual([
    ['elsewhere', 0.64],
    ['crf-23', 0.64],
    ['crf-30', 0.64],
    ['crf-40', 0.64],
    ['half-size', 0.32],
    ['cropped', 0.58],
  ]);
  expect(seen[0]).toMatchObject({ path: length(2), sampling: { kind: 'even', count: 43 } });
  for (const { sampling: used, path } of seen.slice(1)) {
    expect(used).toEqual(sampling);
    expect(path).not.toBe(length(2));
  }
  // The variants are gone.
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith('mesoscope-stability-')).length;
  expect(after).toBe(before);
});

test('a long clip is held against its own first part', async () => {
  const seen: Parameters<typeof scanner>[0] = [];
  const rows = await stabilityOf(scanner(seen), { clip: clip(24), score: 0.6 }, { sampling });
  expect(rows.map(({ variant }) => variant)).toContain('excerpt');
  expect(rows[2].words).toContain('first 20 s');
  for (const { seconds } of seen.slice(1)) expect(seconds).toBeLessThan(21);
});

test('without a score there is nothing to hold', async () => {
  const seen: Parameters<typeof scanner>[0] = [];
  expect(await stabilityOf(scanner(seen), { clip: clip(2), score: null }, { sampling })).toEqual([]);
  expect(seen).toEqual([]);
});
