/** Traces as a collector receives them: OTLP over HTTP in JSON, to a server of our own that parses what comes. */
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makeConfig } from '../../src/server/config.ts';
import type { EventName } from '../../src/server/watch/events.ts';
import { silent } from '../../src/server/watch/log.ts';
import { openTraces, untraced } from '../../src/server/watch/traces.ts';
import { startWorker } from '../../src/server/work.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { havePostgres, noPostgresReason, withPostgres } from '../postgres.ts';
import { builtAnalysis, program, testServers, until } from '../server.ts';

const { start, folder } = testServers();
const made = temporaryFolder();
const freshDatabase = withPostgres();

const value = z.object({ stringValue: z.string().optional(), intValue: z.coerce.number().optional() });
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .transform((all) => Object.fromEntries(all.map((a) => [a.key, a.value.stringValue ?? a.value.intValue])));
const nanoseconds = z.string().regex(/^\d+$/).transform(BigInt);
const span = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  status: z.object({ code: z.int().optional() }),
});
/** ExportTraceServiceRequest, as far as it is used. */
const request = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.object({ attributes }), scopeSpans: z.array(z.object({ spans: z.array(span) })) }),
  ),
});
type Received = z.infer<typeof span> & { process: string; service: string };

const ends: (() => unknown)[] = [];
const before = { ...process.env };
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  for (const key of Object.keys(process.env)) if (key.startsWith('OTEL_')) delete process.env[key];
  Object.assign(process.env, before);
});

async function collector(): Promise<{ endpoint: string; spans: Received[]; keys: unknown[] }> {
  const [spans, keys] = [[] as Received[], [] as unknown[]];
  const server = createServer(async (asked, response) => {
    expect([asked.method, asked.url, asked.headers['content-type']]).toEqual([
      ...['POST', '/v1/traces', 'application/json'],
    ]);
    keys.push(asked.headers['x-key']);
    for (const { resource, scopeSpans } of request.parse(await json(asked)).resourceSpans) {
      const process = String(resource.attributes['service.instance.id']);
      const service = String(resource.attributes['service.name']);
      spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((one) => ({ ...one, process, service }))));
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, keys };
}

describe('traces', () => {
  test('are not loaded where no endpoint is named, or they are switched off', async () => {
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    expect(await openTraces('x', silent)).toBe(untraced);
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:1';
    process.env.OTEL_SDK_DISABLED = 'true';
    expect(await openTraces('x', silent)).toBe(untraced);
  });

  test.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
  ])('that cannot be sent as %j says are refused', async (env) => {
    Object.assign(process.env, env);
    await expect(openTraces('x', silent)).rejects.toMatchObject({ code: 'TRACES_INVALID' });
  });

  test.skipIf(!havePostgres)(
    `go from a request through the queue to a worker elsewhere${noPostgresReason}`,
    async () => {
      const { endpoint, spans, keys } = await collector();
      process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint;
      process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-key=abc';
      process.env.OTEL_SERVICE_NAME = 'clips';
      const [data, database] = [await folder(), freshDatabase()];
      const server = await start({ data, database, job: { slots: 0 } });
      const path = await makeClip(made('traced.mp4'), 12);
      // The sender is traced too: its trace goes on.
      const [trace, caller] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
      const sent = await fetch(`${server.url}/api/clips?name=traced.mp4&sample=even:2`, {
        method: 'POST',
        headers: { traceparent: `00-${trace}-${caller}-01` },
        body: await openAsBlob(path),
      });
      const { id } = (await sent.json()) as { id: string };
      const config = makeConfig({ database, store: data, stopSeconds: 4, disk: { leaveFreeMiB: 0 } });
      const told: { event: EventName; trace?: string | undefined; clip?: string }[] = [];
      const worker = await startWorker(config, {
        log: { tell: (event, fields) => void told.push({ event, ...fields }) },
        analysisScript: builtAnalysis,
      });
      ends.push(() => worker.stop());
      expect((await server.client.finished(id)).status).toBe('done');
      await worker.stop();
      await fetch(`${server.url}/api/health`);
      await server.stop();

      const of = spans.filter(({ traceId }) => traceId === trace);
      const byName = new Map(of.map((one) => [one.name, one]));
      const parents = of.map(({ name, parentSpanId }) => {
        const parent = of.find(({ spanId }) => spanId === parentSpanId)?.name;
        return `${name} < ${parent ?? (parentSpanId === caller ? 'caller' : '?')}`;
      });
      expect(parents.toSorted()).toEqual([
        'POST /api/clips < caller',
        'clip accept < POST /api/clips',
        'clip analyse < clip accept',
        'clip store < clip analyse',
        'clip wait < clip accept',
        ...['frames', 'open', 'report', 'score', 'start'].map((stage) => `stage ${stage} < clip analyse`),
      ]);
      expect(byName.get('POST /api/clips')?.attributes).toMatchObject({
        ...{ 'http.route': '/api/clips', 'http.response.status_code': 201 },
      });
      for (const name of ['clip accept', 'clip analyse', 'clip wait']) {
        expect(byName.get(name)?.attributes['mesoscope.clip']).toBe(id);
      }
      expect(byName.get('clip accept')?.process).toContain('serve on');
      for (const name of ['clip wait', 'clip analyse', 'stage frames', 'clip store']) {
        expect(byName.get(name)?.process).toContain('worker on');
      }
      expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['clips']));
      expect(new Set(keys)).toEqual(new Set(['abc']));
      for (const one of of) expect(one.endTimeUnixNano >= one.startTimeUnixNano, one.name).toBe(true);
      const analysis = byName.get('clip analyse') as Received;
      const parts = of.filter(({ parentSpanId }) => parentSpanId === analysis.spanId);
      for (const part of parts) {
        expect(part.startTimeUnixNano >= analysis.startTimeUnixNano - 5_000_000n, part.name).toBe(true);
        expect(part.endTimeUnixNano <= analysis.endTimeUnixNano + 5_000_000n, part.name).toBe(true);
      }
      // Probes are not traced; the log names the trace.
      expect(spans.filter(({ name }) => name.includes('health'))).toEqual([]);
      const lines = told.filter(({ clip }) => clip === id);
      expect(lines.map((line) => `${line.event} ${line.trace}`)).toEqual([`begun ${trace}`, `done ${trace}`]);
    },
  );

  test('end a failure with its code, and a collector that is away disturbs nothing but the log, once', async () => {
    const { endpoint, spans } = await collector();
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint;
    const data = await folder();
    const first = await start({ data }, { analysisScript: program('crash') });
    const failed = await first.client.finished((await first.client.upload(new Blob(['x']))).id);
    await first.stop();
    expect(spans.find(({ name }) => name === 'clip analyse')).toMatchObject({
      attributes: { 'error.type': 'ANALYSIS_CRASHED', 'mesoscope.clip': failed.id },
      status: { code: 2 },
    });

    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:1';
    process.env.OTEL_BSP_SCHEDULE_DELAY = '100';
    const told: EventName[] = [];
    const log = { tell: (event: EventName) => void told.push(event) };
    const second = await start({ data }, { log, analysisScript: program('crash') });
    expect((await second.client.upload(new Blob(['y']))).status).toBe('queued');
    await until(() => told.includes('watching failed'), 'it is told that nothing arrives');
    expect((await second.client.upload(new Blob(['z']))).status).toBe('queued');
    await second.stop();
    expect(told.filter((event) => event === 'watching failed')).toHaveLength(1);
    expect(told.filter((event) => event === 'accepted')).toHaveLength(2);
  });
});
