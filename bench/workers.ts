/**
 * How many workers one PostgreSQL server feeds: 1, 2, 4, 8 of them with analyses of a fixed simulated length, all jobs
 * sent before, and then sent at 70 % of what they can do; then real scans with 1 and 2 workers.
 * `npm run build && npx tsx bench/workers.ts [--write] [--jobs N] [--stage MS] [--most N] [--real N]`
 */
import { rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { acceptFile, chooseScan } from '../src/server/accept.ts';
import { postgresCluster } from '../test/postgres-cluster.ts';
import { machine } from './machine.ts';
import {
  countOpen,
  endCodes,
  jobTimes,
  joinAsSender,
  newFolder,
  option,
  sendStage,
  startWorkerProcess,
  stopAll,
  transactions,
} from './queued.ts';
import { percentile, rounded, shortClip, variant } from './served.ts';

const [jobs, stage, most, real] = [
  option('jobs', 100),
  option('stage', 500),
  option('most', 8),
  option('real', 12),
];
const cluster = postgresCluster();

async function untilDone(sender: Awaited<ReturnType<typeof joinAsSender>>): Promise<void> {
  while ((await countOpen(sender)) > 0) await setTimeout(100);
}

/** All jobs wait when the workers begin: how much they do, and what a job costs beside its length. */
async function full(workers: number) {
  const [database, folder] = [cluster.freshDatabase(), newFolder()];
  const sender = await joinAsSender(database, folder);
  const count = jobs * workers;
  const sendBegun = performance.now();
  for (let n = 0; n < count; n++) await sendStage(sender, folder, n, stage);
  const sendMs = (performance.now() - sendBegun) / count;
  const before = await transactions(sender);
  const running = await Promise.all(
    Array.from({ length: workers }, () => startWorkerProcess(database, folder)),
  );
  await untilDone(sender);
  const times = await jobTimes(sender);
  const after = await transactions(sender);
  const ends = await endCodes(sender);
  await stopAll(running);
  await sender.stop();
  rmSync(folder, { recursive: true, force: true });
  // From when the last worker had begun its first: those before it had the database to themselves.
  const seconds = Math.max(...times.map(({ ended }) => ended)) - Math.min(...times.map(({ begun }) => begun));
  return {
    workers,
    jobs: count,
    jobsPerSecond: rounded(count / seconds, 2),
    shareOfIdeal: rounded((count * stage) / 1000 / workers / seconds, 3),
    overheadMsAJob: rounded((seconds * workers * 1000) / count - stage),
    withinJobMs: rounded(
      percentile(
        times.map(({ took }) => took * 1000 - stage),
        0.5,
      ),
    ),
    sendMsAJob: rounded(sendMs, 2),
    transactionsAJob: rounded((after - before) / count),
    ends,
  };
}

/** Jobs come one by one, at 70 % of what the workers did before: how long does each wait? */
async function paced(workers: number, perSecond: number) {
  const [database, folder] = [cluster.freshDatabase(), newFolder()];
  const sender = await joinAsSender(database, folder);
  const running = await Promise.all(
    Array.from({ length: workers }, () => startWorkerProcess(database, folder)),
  );
  const count = jobs * workers;
  const begun = performance.now();
  for (let n = 0; n < count; n++) {
    await setTimeout(Math.max(0, begun + (n * 1000) / (0.7 * perSecond) - performance.now()));
    await sendStage(sender, folder, n, stage);
  }
  await untilDone(sender);
  const waits = (await jobTimes(sender)).map(({ wait }) => wait * 1000);
  await stopAll(running);
  await sender.stop();
  rmSync(folder, { recursive: true, force: true });
  return {
    waitMedianMs: rounded(percentile(waits, 0.5)),
    waitP99Ms: rounded(percentile(waits, 0.99)),
    waitMaxMs: rounded(Math.max(...waits)),
  };
}

async function realScans(workers: number) {
  const [database, folder] = [cluster.freshDatabase(), newFolder()];
  const sender = await joinAsSender(database, folder);
  const { blob, faces } = await shortClip(folder);
  for (let n = 0; n < real; n++) {
    const path = join(folder, `clip-${n}.mp4`);
    await writeFile(path, Buffer.from(await variant(blob, n).arrayBuffer()));
    const choice = chooseScan(sender, { client: 'bench', sample: 'even:4' });
    await acceptFile(sender, path, { ...choice, name: `clip-${n}.mp4` });
  }
  const running = await Promise.all(
    Array.from({ length: workers }, () => startWorkerProcess(database, folder, { real: true })),
  );
  await untilDone(sender);
  const times = await jobTimes(sender);
  const [{ done }] = await sender.database.query<{ done: number }>(
    "select count(*)::int as done from mesoscope.clip where status = 'done'",
  );
  await stopAll(running);
  await sender.stop();
  rmSync(folder, { recursive: true, force: true });
  const seconds = Math.max(...times.map(({ ended }) => ended)) - Math.min(...times.map(({ begun }) => begun));
  return {
    workers,
    clips: real,
    done,
    faces,
    clipsPerMinute: rounded((60 * real) / seconds, 1),
    secondsAClip: rounded(
      percentile(
        times.map(({ took }) => took),
        0.5,
      ),
      2,
    ),
  };
}

const rows = [];
for (let workers = 1; workers <= most; workers *= 2) {
  const row = await full(workers);
  rows.push({ ...row, ...(await paced(workers, row.jobsPerSecond)) });
  console.log(JSON.stringify(rows.at(-1)));
}
const scans = [];
for (const workers of real > 0 ? [1, 2] : []) {
  scans.push(await realScans(workers));
  console.log(JSON.stringify(scans.at(-1)));
}
cluster.stop();
const result = {
  machine: { ...machine(), load: loadavg().map((value) => rounded(value)) },
  stageMs: stage,
  caveat:
    'Workers, database and sender share the machine. Each job is a process of its own, whose start is in the overhead.',
  rows,
  scans,
};
if (process.argv.includes('--write')) {
  const file = new URL('./results/workers.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}
