/**
 * kill -9 twenty times at random moments during 50 jobs: what was accepted, finished, lost, done twice?
 * `npm run build && npx tsx bench/serve-kill.ts [--write] [--kills N] [--clips N] [--seed N] [--database URL]`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Random } from '../src/base/random.ts';
import { type ClipSummary, MesoscopeClient, ProblemError } from '../src/server/client.ts';
import { machine, median } from './machine.ts';
import { rounded, type Served, serve, shortClip, variant } from './served.ts';

const option = (name: string) => {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? undefined : process.argv[index + 1];
};
const [kills, clips, seed] = [
  Number(option('kills') ?? 20),
  Number(option('clips') ?? 50),
  Number(option('seed') ?? 0),
];
const database = option('database');
const port = 7_000 + (process.pid % 1_000);
const random = new Random(seed, 'kill');

const folder = mkdtempSync(join(tmpdir(), 'mesoscope-kill-'));
const args = [
  ...['--data', join(folder, 'data'), '--jobs', '2'],
  ...(database === undefined ? [] : ['--database', database]),
];
const { blob, faces } = await shortClip(folder);
let server: Served = await serve(args, port);
const client = new MesoscopeClient({ baseUrl: server.url });

/** Ids that the server said it had taken. */
const accepted = new Map<string, string>();
let [brokenUploads, unacknowledged] = [0, 0];
let sending = true;

async function sendAll(first: number): Promise<void> {
  for (let k = first; k < clips; k += 2) {
    const name = `${k}.mp4`;
    for (let done = false; !done; ) {
      try {
        // One of two goes in pieces, and continues over a kill.
        const sent =
          k % 2 === 0
            ? await client.upload(variant(blob, k), { name, sample: 'even:2' })
            : await client.uploadResumable(variant(blob, k), {
                name,
                sample: 'even:2',
                chunkBytes: 20_000,
                retries: 30,
              });
        accepted.set(sent.id, name);
        done = true;
      } catch (error) {
        if (error instanceof ProblemError && error.status < 500 && error.status !== 429) throw error;
        brokenUploads++;
        await setTimeout(300);
      }
    }
    await setTimeout(random.integer(100, 1_500));
  }
}

const sent = Promise.all([sendAll(0), sendAll(1)]).then(() => {
  sending = false;
});

/** First sight of each clip's end: an end that changes later means that the work was done twice. */
const ends = new Map<string, string>();
let doneTwice = 0;
function look(states: readonly ClipSummary[]): void {
  for (const { id, status, finishedAt, attempts } of states) {
    if (status !== 'done' && status !== 'failed') {
      if (ends.has(id)) doneTwice++;
      continue;
    }
    const end = `${status} ${finishedAt} ${attempts}`;
    if (ends.has(id) && ends.get(id) !== end) doneTwice++;
    ends.set(id, end);
  }
}
const listAll = async () => (await client.list({ limit: 200 })).clips;

const starts: number[] = [];
const killedAfter: number[] = [];
for (let k = 0; k < kills; k++) {
  const wait = random.uniform(0.3, 5);
  await setTimeout(wait * 1000);
  look(await listAll().catch(() => []));
  server.kill('SIGKILL');
  await server.ended;
  killedAfter.push(wait);
  server = await serve(args, port);
  starts.push(server.startSeconds);
  look(await listAll());
  console.log(
    `kill ${k + 1}: ${accepted.size} accepted, ${ends.size} finished, up again in ${rounded(server.startSeconds)} s`,
  );
}
await sent;
for (;;) {
  const states = await listAll();
  look(states);
  if (!sending && states.every(({ status }) => ['done', 'failed', 'cancelled'].includes(status))) break;
  await setTimeout(500);
}
const states = await listAll();
const byId = new Map(states.map((state) => [state.id, state]));
unacknowledged = states.filter(({ id }) => !accepted.has(id)).length;
const lost = [...accepted.keys()].filter((id) => byId.get(id)?.status !== 'done');
server.kill('SIGTERM');
await server.ended;
rmSync(folder, { recursive: true, force: true });

const result = {
  machine: { ...machine(), load: loadavg().map((value) => rounded(value)) },
  database: database === undefined ? 'embedded' : 'server',
  clip: faces ? 'eight frames of a real clip, 1280x720, two of them analysed' : 'eight drawn frames',
  seed,
  clips,
  slots: 2,
  kills,
  accepted: accepted.size,
  finished: [...accepted.keys()].filter((id) => byId.get(id)?.status === 'done').length,
  lost: lost.length,
  doneTwice,
  /** Half-done analyses that were begun again: what a kill costs. */
  begunAgain: states.reduce((sum, { attempts }) => sum + attempts - 1, 0),
  mostAttempts: Math.max(...states.map(({ attempts }) => attempts)),
  uploadsThatBroke: brokenUploads,
  /** Taken by the server, whose word of it was lost with the connection: the sender sent them again. */
  acceptedUnheard: unacknowledged,
  startAgainSeconds: { median: rounded(median(starts)), max: rounded(Math.max(...starts)) },
};
console.log(JSON.stringify(result, null, 2));
if (process.argv.includes('--write')) {
  const name = database === undefined ? 'serve-kill' : 'serve-kill-postgres';
  writeFileSync(new URL(`./results/${name}.json`, import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
}
