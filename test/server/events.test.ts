/** Live progress: in order, after a broken connection, for one clip and for all. */
import { createParser } from 'eventsource-parser';
import { expect, test } from 'vitest';
import { type ClipSummary, clipSummarySchema } from '../../src/server/client.ts';
import { program, testServers, until } from '../server.ts';

const { start } = testServers();

interface Received {
  events: { id: string | undefined; event: string | undefined; data: ClipSummary }[];
  status: number;
  ended: Promise<void>;
  stop: () => void;
}

async function listen(url: string, lastEventId?: string): Promise<Received> {
  const stop = new AbortController();
  const answer = await fetch(url, {
    signal: stop.signal,
    headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
  });
  const events: Received['events'] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => void events.push({ id, event, data: JSON.parse(data) }),
  });
  const read = async () => {
    for await (const bytes of answer.body ?? []) parser.feed(new TextDecoder().decode(bytes));
  };
  return { events, status: answer.status, ended: read().catch(() => undefined), stop: () => stop.abort() };
}

test('a clip tells each state once, in order, and then no more', async () => {
  const { client, url } = await start({}, { analysisScript: program('slow') });
  const { id } = await client.upload(new Blob(['x']), { name: 'x.mp4' });
  const stream = await listen(`${url}/api/clips/${id}/events`);
  await stream.ended;
  for (const { data } of stream.events) clipSummarySchema.parse(data);
  const statuses = stream.events.map(({ data }) => data.status);
  expect(statuses.at(-1)).toBe('failed');
  expect(statuses.indexOf('running')).toBeGreaterThanOrEqual(0);
  expect(statuses.lastIndexOf('queued')).toBeLessThan(statuses.indexOf('running'));
  const ids = stream.events.map((event) => Number(event.id));
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  const fractions = stream.events.flatMap(({ data }) => (data.progress ? [data.progress.fraction] : []));
  expect(fractions.length).toBeGreaterThan(0);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));

  // Coming back: the present state; after the last one, word that there is no more.
  const back = await listen(`${url}/api/clips/${id}/events`, '1');
  await back.ended;
  expect(back.events.map(({ data }) => data.status)).toEqual(['failed']);
  expect((await listen(`${url}/api/clips/${id}/events`, stream.events.at(-1)?.id)).status).toBe(204);
});

test('a connection that broke is given the state that it missed', async () => {
  const { client, url } = await start({}, { analysisScript: program('slow') });
  const { id } = await client.upload(new Blob(['x']));
  const first = await listen(`${url}/api/clips/${id}/events`);
  await until(() => first.events.some(({ data }) => data.status === 'running'), 'it runs');
  first.stop();
  const seen = first.events.at(-1)?.id;
  await until(async () => (await client.get(id)).status === 'failed', 'it ends');
  const second = await listen(`${url}/api/clips/${id}/events`, seen);
  await second.ended;
  expect(second.events).toHaveLength(1);
  expect(second.events[0].data).toMatchObject({ id, status: 'failed', error: { code: 'CLIP_NOT_MEDIA' } });
});

test('one stream tells of all clips, of what changed while away, and of deletions', async () => {
  const { client, url } = await start({ job: { slots: 2 } }, { analysisScript: program('slow') });
  const stream = await listen(`${url}/api/events`);
  const a = await client.upload(new Blob(['a']));
  const b = await client.upload(new Blob(['b']));
  const ends = () => stream.events.filter(({ data }) => data.status === 'failed').map(({ data }) => data.id);
  await until(() => ends().length === 2, 'both end');
  expect(ends().sort()).toEqual([a.id, b.id].sort());
  const last = stream.events.at(-1)?.id;
  await client.delete(a.id);
  await until(() => stream.events.some(({ event }) => event === 'gone'), 'the deletion is told');
  expect(stream.events.find(({ event }) => event === 'gone')?.data.id).toBe(a.id);
  stream.stop();

  const c = await client.upload(new Blob(['c']));
  await client.finished(c.id);
  const back = await listen(`${url}/api/events`, last);
  await until(() => back.events.length > 0, 'what was missed');
  expect(back.events.map(({ data }) => [data.id, data.status])).toEqual([[c.id, 'failed']]);
  back.stop();
});

test('the client waits over a server that is stopped and started', async () => {
  const first = await start({}, { analysisScript: program('hang') });
  const { id } = await first.client.upload(new Blob(['x']));
  await until(async () => (await first.client.get(id)).status === 'running', 'it runs');
  const finished = first.client.finished(id);
  await first.stop();
  await start({ data: first.config.data, port: first.port }, { analysisScript: program('slow') });
  expect(await finished).toMatchObject({ id, status: 'failed', attempts: 1 });
});

test('an address has so many streams at a time', async () => {
  const { url, services } = await start({ rate: { streams: 2 } });
  const [first, second] = [await listen(`${url}/api/events`), await listen(`${url}/api/events`)];
  expect((await listen(`${url}/api/events`)).status).toBe(429);
  first.stop();
  await until(() => services.streams.get('127.0.0.1') === 1, 'the first is gone');
  expect((await listen(`${url}/api/events`)).status).toBe(200);
  second.stop();
});

test('a stop ends streams that wait', async () => {
  const server = await start();
  const stream = await listen(`${server.url}/api/events`);
  const begun = Date.now();
  await server.stop();
  await stream.ended;
  expect(Date.now() - begun).toBeLessThan(3_000);
});
