/** What servers and workers tell: one event for each thing that happens to a clip, with what it concerns. */
import { openAsBlob, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MesoscopeClient } from '../../src/server/client.ts';
import { openEmbedded } from '../../src/server/database/embedded.ts';
import { type EventName, events } from '../../src/server/watch/events.ts';
import { jsonLog } from '../../src/server/watch/json-log.ts';
import { forPeople, type Log } from '../../src/server/watch/log.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { program, startProcess, testServers, until } from '../server.ts';

const { start, folder } = testServers();
const made = temporaryFolder();
const freshDatabase = withPostgres();

type Line = { event: EventName; clip?: string; attempt?: number } & Record<string, unknown>;

function recorder(): { log: Log; told: Line[]; of: (clip: string) => Line[] } {
  const told: Line[] = [];
  const log: Log = { tell: (event, fields) => void told.push({ event, ...fields }) };
  return { log, told, of: (clip) => told.filter((line) => line.clip === clip) };
}

const names = (lines: readonly Line[]) => lines.map(({ event, attempt }) => `${event} ${attempt}`);

describe('the events of a clip', () => {
  test('that is at fault: begun and failed, with the code and how far it came', async () => {
    const { log, of } = recorder();
    const { client } = await start({}, { log, analysisScript: program('crash') });
    const { id } = await client.finished((await client.upload(new Blob(['x']))).id);
    expect(names(of(id))).toEqual(['accepted 0', 'begun 1', 'failed 1']);
    const job = of(id)[0].job;
    expect(job).toMatch(/^[0-9a-f-]{36}$/);
    expect(of(id)[2]).toMatchObject({
      ...{ job, queue: 'analyse', code: 'ANALYSIS_CRASHED', stage: 'frames', seconds: expect.any(Number) },
    });
  });

  test('that another machine may do better: put back with the reason and the wait, given up in the end', async () => {
    const { log, of } = recorder();
    const { client } = await start({ job: { attempts: 2 } }, { log, analysisScript: program('full') });
    const { id } = await client.finished((await client.upload(new Blob(['x']))).id);
    expect(names(of(id))).toEqual(['accepted 0', 'begun 1', 'put back 1', 'begun 2', 'given up 2']);
    const [, first, back, second, end] = of(id);
    expect(back).toMatchObject({ reason: 'failed', waitSeconds: 2, code: 'OUTPUT_UNWRITABLE' });
    expect(end.code).toBe('OUTPUT_UNWRITABLE');
    expect(second.job).not.toBe(first.job);
    expect(back.job).toBe(first.job);
  });

  test('that is stopped and left by the dead', async () => {
    const first = recorder();
    const one = await start({}, { log: first.log, analysisScript: program('hang') });
    const { id } = await one.client.upload(new Blob(['x']));
    await until(() => first.of(id).some(({ event }) => event === 'begun'), 'it is begun');
    await one.stop();
    expect(names(first.of(id))).toEqual(['accepted 0', 'begun 1', 'put back 1']);
    expect(first.of(id)[2]).toMatchObject({ reason: 'stopped', waitSeconds: 0 });
    // As it stands after a server died in its third attempt, and once more in its tenth.
    const die = async (attempts: number) => {
      const database = await openEmbedded(join(one.config.data, 'database'));
      await database.query(`update mesoscope.clip set status = 'running', server = 4711, attempts = $1`, [
        attempts,
      ]);
      await database.close();
    };
    await die(3);
    const second = recorder();
    const two = await start({ data: one.config.data }, { log: second.log });
    await two.stop();
    expect(second.of(id)[0]).toMatchObject({ event: 'taken from the dead', attempt: 3, waitSeconds: 4 });
    await die(10);
    const third = recorder();
    await start({ data: one.config.data }, { log: third.log });
    expect(names(third.of(id))).toEqual(['given up 10']);
    expect(third.of(id)[0].code).toBe('ANALYSIS_GIVEN_UP');
  });

  test('that is cancelled while it runs: what was made is dropped', async () => {
    const { log, of } = recorder();
    const { client } = await start({}, { log, analysisScript: program('hang') });
    const { id } = await client.upload(new Blob(['x']));
    await until(() => of(id).some(({ event }) => event === 'begun'), 'it is begun');
    await client.cancel(id);
    await until(() => of(id).length === 3, 'its end is told');
    expect(names(of(id))).toEqual(['accepted 0', 'begun 1', 'dropped 1']);
  });
});

test.skipIf(!havePostgres)(
  `a server and a worker with --log json tell one line of JSON for each event${noPostgresReason}`,
  async () => {
    const data = await folder();
    const database = freshDatabase();
    const token = 'a-token-that-no-log-holds';
    const env = { MESOSCOPE_TOKEN: token, MESOSCOPE_DATABASE: database };
    const server = await startProcess(['--data', data, '--jobs', '0', '--log', 'json'], env);
    const worker = await startProcess(['--store', data, '--log', 'json'], env, 'worker');
    const client = new MesoscopeClient({ baseUrl: server.url, token });
    const name = 'a \u001b[31mred\u202e name.mp4';
    const blob = await openAsBlob(await makeClip(made('logged.mp4'), 12));
    const first = await client.finished((await client.upload(blob, { name, sample: 'even:2' })).id);
    const again = await client.finished((await client.upload(blob, { name, sample: 'even:2' })).id);
    const bad = await client.finished((await client.upload(new Blob(['no clip']), { name })).id);
    expect([first.status, again.status, bad.status]).toEqual(['done', 'done', 'failed']);
    worker.kill('SIGTERM');
    server.kill('SIGTERM');
    expect(await Promise.all([worker.ended, server.ended])).toEqual([143, 143]);

    const linesOf = (text: string): Line[] =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    const [served, worked] = [linesOf(server.stderr()), linesOf(worker.stderr())];
    for (const [lines, pid] of [
      [served, server.pid],
      [worked, worker.pid],
    ] as const) {
      for (const line of lines) {
        expect(line).toMatchObject({ event: expect.any(String), message: expect.any(String) });
        expect(line.process).toContain(`process ${pid}`);
        expect(Number.isNaN(Date.parse(line.time as string))).toBe(false);
      }
    }
    const of = (lines: Line[], id: string) => lines.filter(({ clip }) => clip === id);
    expect(names(of(served, first.id))).toEqual(['accepted 0']);
    expect(names(of(worked, first.id))).toEqual(['begun 1', 'done 1']);
    const [begun, done] = of(worked, first.id);
    expect(begun.job).toBe(of(served, first.id)[0].job);
    expect(done).toMatchObject({ job: begun.job, queue: 'analyse', verdict: first.verdict, level: 'info' });
    expect(Object.keys(done.stages as object)).toEqual(['start', 'open', 'frames', 'score', 'report']);
    expect(done.seconds).toBeGreaterThan(0);
    // By whichever of the two was quicker.
    const given = [...of(served, again.id), ...of(worked, again.id)];
    expect(names(given)).toEqual(['accepted 0', 'begun 1', 'given 1']);
    expect(given[2]).toMatchObject({ from: first.id, verdict: first.verdict });
    expect(of(worked, bad.id).at(-1)).toMatchObject({ event: 'failed', code: bad.error?.code });
    expect([served.at(-1)?.event, worked.at(-1)?.event]).toEqual(['stopping', 'stopping']);
    const all = server.stderr() + worker.stderr();
    expect(all).not.toContain(token);
    expect(all).not.toContain(database);
    expect(all).not.toContain('name.mp4');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what may not be there
    expect(all).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);

    const refused = await startProcess(['--data', await folder(), '--log', 'json'], {
      MESOSCOPE_DATABASE: 'postgres://user:secret@127.0.0.1:1/none',
    }).catch((error: Error) => error.message);
    expect(refused).toContain('"code":"DATABASE_UNREACHABLE"');
    expect(refused).not.toContain('secret');
  },
);

test('people are told what is not routine; JSON has all of it', () => {
  const said: string[] = [];
  const [people, json] = [forPeople((line) => said.push(line)), [] as Line[]];
  const machine = jsonLog('test', (line) => json.push(JSON.parse(line)));
  for (const log of [people, machine]) {
    const clip = { clip: 'c', attempt: 1, job: null, queue: 'analyse' as const };
    log.tell('begun', clip);
    log.tell('put back', { ...clip, seconds: 1, reason: 'stopped', waitSeconds: 0 });
    log.tell('put back', { ...clip, seconds: 1, reason: 'lost', waitSeconds: 2, why: 'gone' });
    log.tell('request failed', { method: 'GET', route: '/api', why: 'x\n"y"' });
  }
  expect(said).toEqual(['clip c: gone', 'GET /api: x\n"y"']);
  expect(json.map(({ event, level }) => `${level} ${event}`)).toEqual([
    ...['info begun', 'info put back', 'warn put back', 'error request failed'],
  ]);
});

test('docs/operations.md tells of every event, at its level', () => {
  const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('| event |')).split('\n\n')[0];
  const rows = table
    .split('\n')
    .slice(2)
    .flatMap((row) => {
      const [, of, level] = row.split('|').map((cell) => cell.trim());
      const told = [...of.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
      const levels = level.split(', ');
      return told.map((name, i) => `${name}: ${levels[levels.length > 1 ? i : 0]}`);
    });
  const level = { routine: 'info', notice: 'info', warning: 'warn', error: 'error' };
  const known = Object.entries(events).map(([name, [grade]]) => `${name}: ${level[grade]}`);
  expect(rows.toSorted()).toEqual(known.toSorted());
});
