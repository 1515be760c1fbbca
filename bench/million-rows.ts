/**
 * What a server asks of its database with a million clips in it, beside a thousand: the same questions, one cluster, one run.
 * `npx tsx bench/million-rows.ts [--rows N] [--write]`
 *
 * Rows are made by SQL. Their documents are small: real ones (10 to 50 kB) lie beside the table (TOAST), and no list reads them.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { deleteClip, findClip, listClips } from '../src/server/database/clips.ts';
import { begin, putBack } from '../src/server/database/steps.ts';
import { countWork } from '../src/server/database/work.ts';
import { findKnown } from '../src/server/jobs/known-result.ts';
import { Metrics } from '../src/server/watch/metrics.ts';
import type { Joined } from '../src/server/work.ts';
import { postgresCluster } from '../test/postgres-cluster.ts';
import { machine, median } from './machine.ts';
import { at, joinAsSender, newFolder, option, sendStage } from './queued.ts';
import { rounded } from './served.ts';

const rows = option('rows', 1_000_000);
/** That wait while the rest is done: what a queue looks like in the midst of an archive. */
const waiting = 1_000;
const repeats = 9;
const cluster = postgresCluster();

async function fill({ database, detectors }: Joined, count: number): Promise<void> {
  await database.query(
    `insert into mesoscope.media (id, sha256, bytes, media_type)
     select gen_random_uuid(), encode(sha256(n::text::bytea), 'hex'), 20000000, 'video/mp4' from generate_series(1, $1::int) n`,
    [count],
  );
  await database.query(
    `insert into mesoscope.clip (id, media, name, detector, sample, status, attempts, client, turn, key, verdict, score,
       interval_low, interval_high, duration_seconds, started_at, finished_at, document)
     select gen_random_uuid(), m.id, 'archive/2026/clip-' || row_number() over () || '.mp4', $1, 'even:32', 'done', 1, 'archive', 0,
       m.sha256, (array['manipulation_likely', 'inconclusive', 'no_manipulation_found'])[1 + row_number() over () % 3], 0.5, 0.4,
       0.6, 15, now(), now(), '{}' from mesoscope.media m`,
    [detectors.default],
  );
  await database.query('analyze mesoscope.clip');
  await database.query('analyze mesoscope.media');
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < repeats; n++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return median(times);
}

/** Median milliseconds of each question. */
async function ask(count: number): Promise<Record<string, number>> {
  const folder = newFolder();
  const sender = await joinAsSender(cluster.freshDatabase(), folder);
  const { database, queue } = sender;
  await fill(sender, count);
  for (let n = 0; n < waiting; n++) await sendStage(sender, folder, n, 1);
  const [{ id, key, number }] = await database.query<{ id: string; key: string; number: number }>(
    "select id, key, number::float8 as number from mesoscope.clip where status = 'done' order by number offset $1 limit 1",
    [Math.floor(count / 2)],
  );
  const metrics = new Metrics(database, true);
  const page = { limit: 50, before: undefined };
  let next = waiting;
  const sent: string[] = [];
  const times = {
    'a clip by its id': await timed(() => findClip(database, id)),
    'a known result by its key': await timed(() =>
      findKnown(database, { id: '00000000-0000-4000-8000-000000000000', key }),
    ),
    'sending a clip': await timed(async () => sent.push(await sendStage(sender, folder, next++, 1))),
    'taking the next and giving it back': await timed(async () => {
      const clip = await begin(database, queue, 'analyse', 1);
      if (!clip) throw new Error('nothing waits');
      await putBack(database, queue, clip, { why: 'stopped', seconds: 0, giveUp: () => undefined });
    }),
    'history, the newest': await timed(() => listClips(database, page)),
    'history, from the middle': await timed(() => listClips(database, { ...page, before: number })),
    'history, one verdict': await timed(() =>
      listClips(database, { ...page, verdict: 'manipulation_likely' }),
    ),
    'history, a word in the name': await timed(() => listClips(database, { ...page, search: 'clip-77' })),
    metrics: await timed(() => metrics.text()),
    'the page of the work': await timed(() => countWork(database)),
    'deleting a clip': await timed(() =>
      database.transaction((queries) => deleteClip(queries, sent.pop() as string)),
    ),
  };
  await sender.stop();
  rmSync(folder, { recursive: true, force: true });
  return times;
}

const few = await ask(1_000);
const many = await ask(rows);
cluster.stop();
const result = {
  machine: { ...machine(), load: loadavg().map((value) => rounded(value, 1)) },
  rows: [1_000, rows],
  waiting,
  milliseconds: Object.fromEntries(
    Object.entries(few).map(([name, ms]) => [
      name,
      { few: rounded(ms, 2), many: rounded(many[name], 2), ratio: rounded(many[name] / ms, 1) },
    ]),
  ),
};
console.log(JSON.stringify(result, null, 2));
if (process.argv.includes('--write')) {
  writeFileSync(at('./results/million-rows.json'), `${JSON.stringify(result, null, 2)}\n`);
}
