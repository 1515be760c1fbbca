/**
 * A server and a worker under a steady load for a long time: do memory, open files or answers grow?
 * `npm run build && npx tsx bench/soak.ts [--write] [--minutes 90] [--every SECONDS] [--seed N]`
 *
 * Of ten clips seven are new, one is known already, one is broken, one is deleted as soon as it is done; meanwhile lists,
 * single clips, the health page and the metrics are asked for all the time. `--redraw` makes the plot again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as echarts from 'echarts';
import { Random } from '../src/base/random.ts';
import { MesoscopeClient } from '../src/server/client.ts';
import { postgresCluster } from '../test/postgres-cluster.ts';
import { machine } from './machine.ts';
import { option } from './queued.ts';
import { percentile, residentMiB, rounded, serve, shortClip, variant } from './served.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

interface Minute {
  minute: number;
  finished: number;
  serverMiB: number;
  workerMiB: number;
  serverFiles: number;
  workerFiles: number;
  connections: number;
  requests: number;
  p50Ms: number;
  p95Ms: number;
}

if (process.argv.includes('--redraw')) {
  const { rows } = JSON.parse(readFileSync(path('./results/soak.json'), 'utf8'));
  writeFileSync(path('./results/soak.svg'), plot(rows));
  process.exit();
}
const [minutes, every, seed] = [option('minutes', 90), option('every', 8), option('seed', 0)];
const random = new Random(seed, 'soak');
const cluster = postgresCluster();
const database = cluster.freshDatabase();
const folder = mkdtempSync(join(tmpdir(), 'mesoscope-soak-'));
const config = join(folder, 'config.json');
writeFileSync(config, JSON.stringify({ rate: { reads: 1e6, changes: 1e6, streams: 1000 } }));
const { blob, faces } = await shortClip(folder);
const place = ['--database', database, '--store', join(folder, 'store')];
const server = await serve([...place, '--data', join(folder, 'data'), '--jobs', '0', '--config', config], 0);
const worker = await startWorker();
const client = new MesoscopeClient({ baseUrl: server.url });

async function startWorker(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [path('../dist/cli/main.js'), 'worker', ...place, '--threads', '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

/** Open files and sockets of a process; 0 where /proc does not tell. */
function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

const counts = { sent: 0, done: 0, failed: 0, known: 0, broken: 0, deleted: 0, other: 0, gaveUp: 0 };
const ids: string[] = [];
const latencies: number[] = [];
const problems: string[] = [];
let kept = Number.NaN;
const rows: Minute[] = [];
const end = performance.now() + minutes * 60_000;
const going = () => performance.now() < end;

async function send(n: number): Promise<void> {
  const kind = n % 10;
  const broken = kind === 8;
  const known = kind === 7 && n > 10;
  const bytes = broken
    ? new Blob([await blob.slice(0, blob.size >> 1).arrayBuffer(), `${n}`])
    : variant(blob, known ? n - 7 : n);
  const { id } = await client.upload(bytes, { name: `${n}.mp4`, sample: 'even:2' });
  counts.sent++;
  ids.push(id);
  const clip = await client.finished(id, AbortSignal.timeout(600_000));
  if (broken) counts.broken++;
  if (known) counts.known++;
  if (clip.status === 'done') counts.done++;
  else if (clip.status === 'failed') counts.failed++;
  else counts.other++;
  if (broken !== (clip.status === 'failed')) problems.push(`${n}: ${clip.status} ${clip.error?.code ?? ''}`);
  if (kind === 9) {
    await client.delete(id);
    ids.splice(ids.indexOf(id), 1);
    counts.deleted++;
  }
}

async function ask(): Promise<void> {
  while (going()) {
    const id = ids[random.integer(0, Math.max(0, ids.length - 1))];
    for (const work of [
      () => client.list({ limit: 50 }),
      // One that is deleted meanwhile is answered with 404, which is an answer.
      () => (id === undefined ? undefined : client.get(id).catch(() => undefined)),
      () => fetch(`${server.url}/api/health`).then((answer) => answer.text()),
      () => fetch(`${server.url}/metrics`).then((answer) => answer.text()),
    ]) {
      const begun = performance.now();
      await work();
      latencies.push(performance.now() - begun);
    }
    await setTimeout(400);
  }
}

async function watch(): Promise<void> {
  const { default: pg } = await import('pg');
  const looker = new pg.Client(database);
  await looker.connect();
  while (going()) {
    await setTimeout(60_000);
    const { rows: found } = await looker.query(
      'select count(*)::int as n from pg_stat_activity where datname = current_database()',
    );
    const taken = latencies.splice(0);
    rows.push({
      minute: rows.length + 1,
      finished: counts.done + counts.failed,
      serverMiB: residentMiB(server.pid),
      workerMiB: residentMiB(worker.pid as number),
      serverFiles: openFiles(server.pid),
      workerFiles: openFiles(worker.pid as number),
      connections: found[0].n - 1,
      requests: taken.length,
      p50Ms: rounded(percentile(taken, 0.5)),
      p95Ms: rounded(percentile(taken, 0.95)),
    });
    console.log(JSON.stringify(rows.at(-1)));
    if (process.argv.includes('--write')) write();
  }
  await looker.end();
}

async function feed(): Promise<void> {
  const sent: Promise<void>[] = [];
  for (let n = 0; going(); n++) {
    const clip = send(n).catch((error) => {
      // Our patience with one clip, not the server's: it is analysed when its turn comes.
      if (error.name === 'TimeoutError') counts.gaveUp++;
      else problems.push(`${n}: ${error}`);
    });
    sent.push(clip);
    await setTimeout(every * 1000);
  }
  await Promise.all(sent);
}

await Promise.all([feed(), ask(), watch()]);
const left = await client.list({ limit: 1 });
kept = left.total;
write();
server.kill('SIGTERM');
worker.kill('SIGTERM');
await Promise.all([server.ended, once(worker, 'exit')]);
cluster.stop();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ counts, kept, problems }, null, 2));

/** Mean of a column over the rows of one quarter of the time. */
function quarters(column: keyof Minute): number[] {
  return [0, 1, 2, 3].map((k) => {
    const part = rows.slice((k * rows.length) / 4, ((k + 1) * rows.length) / 4);
    return rounded(part.reduce((sum, row) => sum + row[column], 0) / part.length);
  });
}

function write(): void {
  const columns = ['serverMiB', 'workerMiB', 'serverFiles', 'workerFiles', 'connections'] as const;
  const result = {
    machine: { ...machine(), load: loadavg().map((value) => rounded(value)) },
    caveat: 'Server, worker, PostgreSQL and senders share the machine, with other programs beside them.',
    clip: faces ? 'eight frames of a real clip, 1280x720, two of them analysed' : 'eight drawn frames',
    minutes: rows.length,
    secondsBetweenClips: every,
    counts,
    lost: counts.sent - counts.deleted - kept,
    problems,
    quarters: Object.fromEntries([...columns, 'p50Ms', 'p95Ms'].map((c) => [c, quarters(c as keyof Minute)])),
    rows,
  };
  writeFileSync(path('./results/soak.json'), `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(path('./results/soak.svg'), plot(rows));
}

function plot(of: readonly Minute[]): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 720 });
  const panels = [
    { title: 'Resident memory, MiB', lines: { server: 'serverMiB', worker: 'workerMiB' } },
    { title: 'Open files and sockets', lines: { server: 'serverFiles', worker: 'workerFiles' } },
    { title: 'API, ms', lines: { median: 'p50Ms', 'p95 of the minute': 'p95Ms' } },
  ] as const;
  chart.setOption({
    animation: false,
    title: panels.map(({ title }, i) => ({
      text: title,
      left: 60,
      top: 8 + i * 235,
      textStyle: { fontSize: 14 },
    })),
    grid: panels.map((_, i) => ({ left: 60, right: 170, top: 40 + i * 235, height: 160 })),
    xAxis: panels.map((_, i) => ({
      ...{ gridIndex: i, type: 'value', max: of.length },
      ...(i === panels.length - 1 ? { name: 'minutes', nameLocation: 'middle', nameGap: 28 } : {}),
    })),
    yAxis: panels.map((_, i) => ({ gridIndex: i, type: 'value', min: 0 })),
    series: panels.flatMap(({ lines }, i) =>
      Object.entries(lines).map(([name, column]) => ({
        ...{ type: 'line', name, xAxisIndex: i, yAxisIndex: i, symbol: 'none' },
        endLabel: { show: true, formatter: '{a}' },
        labelLayout: { moveOverlap: 'shiftY' },
        data: of.map((row) => [row.minute, row[column]]),
      })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
