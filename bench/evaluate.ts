/**
 * Speed of `mesoscope evaluate`: crops and clips a second, and how much of the machine it uses.
 * `npx tsx bench/evaluate.ts [--write]`, after `npm run build`. A small and a large part of the same set are evaluated:
 * the rate is that of the difference, so the start of the program does not count.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultDetector } from '../src/detect/default-detector.ts';
import { type ChildRun, runChild } from './child.ts';
import { machine, median } from './machine.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const load = loadavg()[0];
const rounds = 3;
const folder = await mkdtemp(join(tmpdir(), 'mesoscope-bench-evaluate-'));

/** The first lines of a table whose files lie in `videos` beside it. */
async function head(table: string, rows: number): Promise<string> {
  const [header, ...lines] = (await readFile(table, 'utf8')).trim().split('\n');
  const part = join(folder, String(rows));
  if (!existsSync(part)) {
    await mkdir(part);
    await symlink(resolve(table, '..', 'videos'), join(part, 'videos'));
  }
  const path = join(part, 'videos.csv');
  await writeFile(path, `${[header, ...lines.slice(0, rows)].join('\n')}\n`);
  return path;
}

async function evaluate(...args: string[]): Promise<ChildRun> {
  const cli = ['dist/cli/main.js', 'evaluate', '--detector', defaultDetector, '--quiet', '--json'];
  const run = await runChild(process.execPath, [...cli, ...args]);
  if (run.code !== 0) throw new Error(run.stderr);
  return run;
}

const kinds = [
  {
    what: 'crops',
    words: 'face crops of the DFDC pairs (JPEG of 224 px and more)',
    sizes: [400, 2400],
    args: async (count: number) => [
      '--data',
      '../shared/data/train/dfdc-pairs/faces.csv',
      '--limit',
      `${count}`,
    ],
  },
  {
    what: 'clips',
    words: 'development clips, 8 frames of each',
    sizes: [4, 24],
    args: async (count: number) => [
      '--data',
      await head('../shared/data/dev/videos.csv', count),
      '--sample',
      'even:8',
    ],
  },
];

const rows = [];
for (const { what, words, sizes, args } of kinds) {
  const each: { perSecond: number; share: number; startSeconds: number; peakMiB: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const [small, large] = [
      await evaluate(...(await args(sizes[0]))),
      await evaluate(...(await args(sizes[1]))),
    ];
    const seconds = large.seconds - small.seconds;
    each.push({
      perSecond: (sizes[1] - sizes[0]) / seconds,
      share: (large.cpuSeconds - small.cpuSeconds) / seconds / availableParallelism(),
      startSeconds: small.seconds - (sizes[0] * seconds) / (sizes[1] - sizes[0]),
      peakMiB: large.peakMiB,
    });
  }
  const of = (key: keyof (typeof each)[number]) => Number(median(each.map((one) => one[key])).toPrecision(3));
  const row = {
    ...{ what, words, count: sizes[1] - sizes[0], perSecond: of('perSecond'), machineShare: of('share') },
    ...{ startSeconds: of('startSeconds'), peakMiB: of('peakMiB') },
  };
  console.log(
    `${what}: ${row.perSecond} a second, ${Math.round(row.machineShare * 100)} % of the machine, ${row.peakMiB} MiB`,
  );
  rows.push(row);
}
await rm(folder, { recursive: true });
if (values.write && existsSync('bench/results')) {
  const caveat = `Detector ${defaultDetector}, the built program, medians of ${rounds} rounds; load before it began: ${load.toFixed(1)}.`;
  const result = { machine: machine(), caveat, rows };
  await writeFile('bench/results/evaluate.json', `${JSON.stringify(result, null, 2)}\n`);
}
