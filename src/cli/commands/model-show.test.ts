import { expect, test } from 'vitest';
import { command } from '../../../test/command.ts';
import { sha256OfFile } from '../../base/hash.ts';
import { defaultDetector, detectorPath } from '../../detect/bundled.ts';
import { loadDetector } from '../../detect/detector.ts';
import { percent } from '../../report/format.ts';

test('prints the card of a bundled detector for people, within the terminal', async () => {
  const { code, stdout } = await command(['model', 'show', defaultDetector], { columns: 80 });
  expect(code).toBe(0);
  const detector = await loadDetector(detectorPath(defaultDetector));
  const { contract, sha256 } = detector;
  await detector.close();
  const lines = stdout.split('\n');
  expect(lines[0]).toBe(defaultDetector);
  const text = stdout.replace(/\s+/g, ' ');
  for (const told of [contract.description, contract.training.terms, ...contract.limits, sha256]) {
    expect(text).toContain(told.replace(/\s+/g, ' '));
  }
  expect(text).toContain(`Manipulation likely from ${contract.thresholds.likely.toFixed(2)}`);
  const [first] = contract.quality.measured;
  const rates = [first.falseAlarms, first.misses].map((share) => percent(share as number)).join(' ');
  expect(text).toContain(`${first.condition} ${rates} `.replace(/\s+/g, ' '));
  const [{ value, interval }] = contract.figures;
  expect(text).toContain(`${value.toFixed(3)} [${interval?.map((end) => end.toFixed(3)).join(', ')}]`);
  // Texts wrap; only tables may be wider.
  const card = lines.slice(0, lines.indexOf('Error rates by quality'));
  expect(Math.max(...card.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('--json is the whole contract', async () => {
  const { code, stdout } = await command(['model', 'show', defaultDetector, '--json']);
  expect(code).toBe(0);
  const shown = JSON.parse(stdout);
  expect(shown.sha256).toBe(await sha256OfFile(detectorPath(defaultDetector)));
  expect(shown.contract).toMatchObject({ schema: 'mesoscope.detector/1', name: defaultDetector });
});
