/** The authors' four weight files must give the authors' numbers, through import, contract and golden check. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDetector } from '../src/detect/detector.ts';
import { importKeras } from '../src/detect/import-keras.ts';
import { readPicture } from '../src/media/image.ts';
import { haveSharedData, shared, skipReason } from './shared-data.ts';

describe.skipIf(!haveSharedData)(`MesoNet parity${skipReason}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesoscope-parity-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  for (const [file, network] of [
    ['Meso4_DF.h5', 'meso4'],
    ['Meso4_F2F.h5', 'meso4'],
    ['MesoInception_DF.h5', 'meso-inception4'],
    ['MesoInception_F2F.h5', 'meso-inception4'],
  ]) {
    it(`${file} gives the published values within 1e-4`, async () => {
      const expected: Record<string, Record<string, number>> = JSON.parse(
        await readFile(shared('mesonet/expected_real_probability.json'), 'utf8'),
      );
      const { bytes } = await importKeras(shared(`mesonet/${file}`), network);
      const path = join(folder, `${file}.onnx`);
      await writeFile(path, bytes);
      const detector = await loadDetector(path, { threads: 1 });
      const names = Object.keys(expected[file]);
      const pictures = await Promise.all(
        names.map((name) => readPicture(shared(`mesonet/inputs/${name.replace('.jpg', '.png')}`))),
      );
      const { scores } = await detector.score(pictures);
      await detector.close();
      for (const [i, name] of names.entries()) {
        // The authors' 1 means real; a score is the probability of manipulated.
        expect(1 - scores[i], name).toBeCloseTo(expected[file][name], 4);
        expect(Math.abs(1 - scores[i] - expected[file][name])).toBeLessThanOrEqual(1e-4);
      }
    });
  }
});
