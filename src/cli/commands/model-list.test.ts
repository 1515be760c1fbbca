import { expect, test } from 'vitest';
import { command } from '../../../test/command.ts';
import { sha256OfFile } from '../../base/hash.ts';
import { defaultDetector, detectorPath } from '../../detect/bundled.ts';
import { networks } from '../../models/index.ts';

const run = (...args: string[]) => command(args, { columns: 200 });

test('lists every network as JSON, with its exact cost', async () => {
  const { code, stdout } = await run('model', 'list', '--json');
  expect(code).toBe(0);
  const listed = JSON.parse(stdout);
  expect(listed.map(({ name }: { name: string }) => name)).toEqual(networks.map(({ name }) => name));
  // Meso-4 by hand: 8·27·256² + 8·200·128² + 16·200·64² + 16·400·32² + 1024·16 + 16.
  expect(listed[0]).toEqual({
    name: 'meso4',
    tasks: ['cls'],
    inputSize: 256,
    trainableParameters: 27_977,
    multiplyAdds: 60_047_376,
    source: 'Afchar et al. 2018 (MesoNet), 2.1',
  });
});

test('prints a table, one line a network, and the detectors that come along', async () => {
  const { code, stdout } = await run('model', 'list', '--no-measure');
  expect(code).toBe(0);
  const [table, detectors] = stdout.trimEnd().split('\n\n');
  const lines = table.split('\n');
  expect(lines).toHaveLength(networks.length + 1);
  expect(lines[1]).toMatch(/^meso4 +cls +256 px +27,977 +60 M +– +Afchar et al\. 2018/);
  expect(detectors).toContain(`${defaultDetector} (what \`scan\` uses)`);
  // As `sha256sum` would print it: a list for --pin.
  const hash = await sha256OfFile(detectorPath(defaultDetector));
  expect(detectors.split('\n')).toContain(`${hash}  ${defaultDetector} (what \`scan\` uses)`);
});
