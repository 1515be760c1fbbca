/**
 * kill -9 of random workers and immediate restarts of the database while jobs run: what was lost, what was done twice?
 * `npx tsx bench/worker-kill.ts [--write] [--jobs N] [--kills N] [--restarts N] [--workers N] [--stage MS] [--seed N]`
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { Random } from '../src/base/random.ts';
import { isLost } from '../src/server/database/lost.ts';
import { postgresCluster } from '../test/postgres-cluster.ts';
import { machine } from './machine.ts';
import {
  countOpen,
  endCodes,
  joinAsSender,
  newFolder,
  option,
  sendStage,
  startWorkerProcess,
  stopAll,
} from './queued.ts';
import { rounded } from './served.ts';

const [jobs, kills, restarts, crew, stage, seed] = [
  option('jobs', 2_000),
  option('kills', 1_000),
  option('restarts', 20),
  option('workers', 8),
  option('stage', 1_000),
  option('seed', 0),
];
const random = new Random(seed, 'worker-kill');
const cluster = postgresCluster();
const [database, folder] = [cluster.freshDatabase(), newFolder()];
const sender = await joinAsSender(database, folder);

// The database itself notes each end of a clip: whatever a worker says or does not say.
await sender.database.script(`
create table ended (clip uuid not null, status text not null, at timestamptz not null default clock_timestamp());
create function note_end() returns trigger language plpgsql as $$ begin
  insert into ended (clip, status) values (new.id, new.status); return new; end $$;
create trigger note_end after update on mesoscope.clip for each row
  when (new.status in ('done', 'failed') and new.finished_at is distinct from old.finished_at)
  execute function note_end();`);

/** Tried until it works: the database may be away. */
async function surely<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isLost(error)) throw error;
      await setTimeout(200);
    }
  }
}

for (let n = 0; n < jobs; n++) await sendStage(sender, folder, n, stage);
const workers: ChildProcess[] = [];
for (let n = 0; n < crew; n++) workers.push(await startWorkerProcess(database, folder));
const begun = performance.now();
let [killed, restarted] = [0, 0];
const restartEvery = restarts > 0 ? Math.max(1, Math.floor(kills / restarts)) : Number.POSITIVE_INFINITY;

/** Each place in the crew is filled again, also while the database is away. */
async function replace(place: number): Promise<void> {
  for (;;) {
    const started = startWorkerProcess(database, folder).catch(() => undefined);
    const child = await Promise.race([started, setTimeout(60_000, undefined, { ref: false })]);
    if (child) {
      workers[place] = child;
      return;
    }
    await setTimeout(500);
  }
}

const replacing = new Map<number, Promise<void>>();
while (killed < kills && (await surely(() => countOpen(sender))) > 0) {
  await setTimeout(random.uniform(0.1, 0.8) * stage);
  const place = random.integer(0, crew - 1);
  if (replacing.has(place)) continue;
  const ended = once(workers[place], 'exit');
  workers[place].kill('SIGKILL');
  await ended;
  killed++;
  replacing.set(
    place,
    replace(place).finally(() => replacing.delete(place)),
  );
  if (killed % restartEvery === 0 && restarted < restarts) {
    cluster.stop();
    await setTimeout(random.uniform(0.1, 2) * 1_000);
    cluster.start();
    restarted++;
  }
  if (killed % 25 === 0) {
    console.log(`${killed} kills, ${restarted} restarts, ${await surely(() => countOpen(sender))} jobs open`);
  }
}
await Promise.all(replacing.values());
while ((await surely(() => countOpen(sender))) > 0) await setTimeout(500);
const seconds = (performance.now() - begun) / 1000;
const [counts] = await surely(() =>
  sender.database.query<{ ended: number; twice: number; attempts: number; most: number }>(
    `select (select count(*)::int from mesoscope.clip where status in ('done', 'failed')) as ended,
       (select count(*)::int from (select from ended group by clip having count(*) > 1) d) as twice,
       (select sum(attempts - 1)::int from mesoscope.clip) as attempts,
       (select max(attempts)::int from mesoscope.clip) as most`,
  ),
);
const ends = await surely(() => endCodes(sender));
const noted = await sender.database.query<{ n: number }>('select count(distinct clip)::int as n from ended');
await stopAll(workers);
await sender.stop();
cluster.stop();
rmSync(folder, { recursive: true, force: true });
const result = {
  machine: { ...machine(), load: loadavg().map((value) => rounded(value)) },
  seed,
  jobs,
  stageMs: stage,
  workers: crew,
  kills: killed,
  databaseRestarts: restarted,
  seconds: rounded(seconds),
  ended: counts.ended,
  ends,
  lost: jobs - noted[0].n,
  endedTwice: counts.twice,
  begunAgain: counts.attempts,
  mostAttempts: counts.most,
};
console.log(JSON.stringify(result, null, 2));
if (process.argv.includes('--write')) {
  const file = new URL('./results/worker-kill.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}
