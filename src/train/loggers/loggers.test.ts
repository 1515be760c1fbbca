import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import crc32c from 'crc-32/crc32c.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encodeJpeg } from '../../media/image.ts';
import { parseRecipe, type ResolvedRecipe, resolveRecipe } from '../recipe.ts';
import { continueRun, type RunEvent, startRun } from '../run.ts';
import { maskedCrc, recordOf } from './tensorboard.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-loggers-'));
  mkdirSync(join(folder, 'faces'));
  const lines = ['id,file,label,videoId,sourceId'];
  for (let source = 0; source < 8; source++) {
    for (const label of [0, 1]) {
      const name = `s${source}-${label}`;
      const data = new Uint8Array(32 * 32 * 3).fill(40 + 20 * source + 60 * label);
      writeFileSync(
        join(folder, 'faces', `${name}.jpg`),
        await encodeJpeg({ width: 32, height: 32, data }, 90),
      );
      lines.push(`${name},faces/${name}.jpg,${label === 0 ? 'real' : 'fake'},${name},s${source}`);
    }
  }
  writeFileSync(join(folder, 'manifest.csv'), `${lines.join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

function recipe(logging: object, steps = 6): ResolvedRecipe {
  return resolveRecipe(
    parseRecipe({
      schema: 'mesoscope.recipe/1',
      name: 'logged',
      data: {
        layout: 'manifest',
        path: 'manifest.csv',
        split: { seed: 1, shares: { train: 0.5, validation: 0.5, test: 0 } },
      },
      network: { name: 'meso4' },
      size: 32,
      loss: { kind: 'cross-entropy' },
      optimiser: { kind: 'adam' },
      schedule: { kind: 'constant', rate: 0.001 },
      steps,
      batchSize: 4,
      validation: { every: 3, metric: 'log-loss' },
      checkpoints: { every: 3, keep: 1 },
      workers: 0,
      threads: 1,
      logging,
    }),
    folder,
  );
}

interface Read {
  step: number;
  version?: string;
  started?: boolean;
  values: Record<string, number>;
}

/** An own reading of the format, field by field: lengths and both checks must fit. */
function readEvents(path: string): Read[] {
  const bytes = readFileSync(path);
  const out: Read[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const unmask = (value: number) => {
      const rotated = (value - 0xa282ead8) >>> 0;
      return ((rotated >>> 17) | (rotated << 15)) >>> 0;
    };
    const crc = (part: Uint8Array) => crc32c.buf(part) >>> 0;
    expect(unmask(bytes.readUInt32LE(at + 8))).toBe(crc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(unmask(bytes.readUInt32LE(at + 12 + length))).toBe(crc(data));
    out.push(readEvent(data));
    at += length + 16;
  }
  return out;
}

function readEvent(data: Uint8Array): Read {
  const reader = new BinaryReader(data);
  const event: Read = { step: 0, values: {} };
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) expect(Math.abs(reader.double() - Date.now() / 1000)).toBeLessThan(600);
    else if (field === 2) event.step = Number(reader.int64());
    else if (field === 3) event.version = reader.string();
    else if (field === 5) {
      for (const value of messages(reader.bytes(), 1)) {
        const inner = new BinaryReader(value);
        let [tag, number] = ['', Number.NaN];
        while (inner.pos < inner.len) {
          const [which] = inner.tag();
          if (which === 1) tag = inner.string();
          else number = inner.float();
        }
        event.values[tag] = number;
      }
    } else if (field === 7) {
      reader.bytes();
      event.started = true;
    } else reader.skip(type as WireType);
  }
  return event;
}

function messages(data: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(data);
  const out: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.LengthDelimited) out.push(reader.bytes());
    else reader.skip(type);
  }
  return out;
}

describe('TensorBoard event files', () => {
  it('check sums are CRC-32C, rotated and shifted as TFRecord has them', () => {
    const nine = new TextEncoder().encode('123456789');
    // The check value of CRC-32C (RFC 3720), and what its mask makes of it.
    const crc = 0xe3069283;
    expect(maskedCrc(nine)).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
    expect(recordOf(nine)).toHaveLength(8 + 4 + 9 + 4);
  });

  it('hold every step and validation of a run, and say where a run that goes on begins', async () => {
    const run = join(folder, 'run-tensorboard');
    const stop = new AbortController();
    const seen: RunEvent[] = [];
    const onEvent = (event: RunEvent) => {
      seen.push(event);
      if (event.kind === 'train' && event.step === 3) stop.abort();
    };
    await startRun(recipe({ tensorboard: true }), { folder: run, signal: stop.signal, onEvent });
    await continueRun({ folder: run, onEvent });
    const files = readdirSync(join(run, 'tensorboard'));
    // Both starts may fall into one second and one process: then the second appends to the first's file.
    const events = files.sort().flatMap((name) => readEvents(join(run, 'tensorboard', name)));
    expect(events[0].version).toBe('brain.Event:2');
    expect(events.filter(({ started }) => started).map(({ step }) => step)).toEqual([3]);
    const trained = seen.flatMap((event) => (event.kind === 'train' ? [event] : []));
    const losses = events.filter(({ values }) => 'train/loss' in values);
    expect(losses.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(losses.map(({ values }) => values['train/loss'])).toEqual(
      trained.map(({ loss }) => Math.fround(loss)),
    );
    const validated = seen.flatMap((event) => (event.kind === 'validation' ? [event] : []));
    expect(
      events.flatMap(({ values }) =>
        'validation/log-loss' in values ? [values['validation/log-loss']] : [],
      ),
    ).toEqual(validated.map(({ metrics }) => Math.fround(metrics['log-loss'] ?? Number.NaN)));
  });
});

/** Speaks the parts of MLflow's REST API 2.0 that tracking uses, and refuses what the real server refuses. */
async function mlflowServer() {
  const runs = new Map<
    string,
    { status: string; params: Map<string, string>; metrics: { key: string; value: number; step: number }[] }
  >();
  const experiments = new Map<string, string>();
  const batch = z.strictObject({
    run_id: z.string(),
    metrics: z
      .array(
        z.strictObject({ key: z.string().max(250), value: z.number(), timestamp: z.int(), step: z.int() }),
      )
      .max(1000)
      .optional(),
    params: z
      .array(z.strictObject({ key: z.string().max(250), value: z.string().max(6000) }))
      .max(100)
      .optional(),
  });
  const server: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://local');
    let body = '';
    for await (const chunk of request) body += chunk;
    const answer = (status: number, json: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    const path = `${request.method} ${url.pathname.replace('/api/2.0/mlflow/', '')}`;
    const json = body ? JSON.parse(body) : {};
    if (path === 'GET experiments/get-by-name') {
      const id = experiments.get(url.searchParams.get('experiment_name') ?? '');
      return id
        ? answer(200, { experiment: { experiment_id: id } })
        : answer(404, { error_code: 'RESOURCE_DOES_NOT_EXIST' });
    }
    if (path === 'POST experiments/create') {
      const id = String(experiments.size + 1);
      experiments.set(json.name, id);
      return answer(200, { experiment_id: id });
    }
    if (path === 'POST runs/create') {
      if (![...experiments.values()].includes(json.experiment_id)) return answer(404, {});
      const id = `run${runs.size + 1}`;
      runs.set(id, { status: 'RUNNING', params: new Map(), metrics: [] });
      return answer(200, { run: { info: { run_id: id } } });
    }
    const run = runs.get(json.run_id);
    if (!run) return answer(404, { error_code: 'RESOURCE_DOES_NOT_EXIST' });
    if (path === 'POST runs/log-batch') {
      const parsed = batch.safeParse(json);
      if (!parsed.success) return answer(400, { error_code: 'INVALID_PARAMETER_VALUE' });
      for (const { key, value } of parsed.data.params ?? []) {
        // A parameter may not change.
        if (run.params.has(key) && run.params.get(key) !== value) return answer(400, {});
        run.params.set(key, value);
      }
      run.metrics.push(...(parsed.data.metrics ?? []));
      return answer(200, {});
    }
    if (path === 'POST runs/update') {
      run.status = json.status;
      return answer(200, { run_info: {} });
    }
    return answer(404, { error_code: 'ENDPOINT_NOT_FOUND' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, runs, experiments, close: () => server.close() };
}

describe('an MLflow server', () => {
  it('gets the recipe, every figure once, and how the run ended; a run that goes on stays one run', async () => {
    const server = await mlflowServer();
    try {
      const run = join(folder, 'run-mlflow');
      const stop = new AbortController();
      const onEvent = (event: RunEvent) => {
        if (event.kind === 'train' && event.step === 3) stop.abort();
      };
      const logged = recipe({ mlflow: { url: server.url, experiment: 'trials' } });
      await startRun(logged, { folder: run, signal: stop.signal, onEvent });
      expect([...server.runs.values()].map(({ status }) => status)).toEqual(['KILLED']);
      await continueRun({ folder: run });
      expect([...server.experiments.keys()]).toEqual(['trials']);
      const [kept, ...others] = server.runs.values();
      expect(others).toEqual([]);
      expect(kept.status).toBe('FINISHED');
      expect(kept.params.get('network.name')).toBe('meso4');
      expect(kept.params.get('optimiser.kind')).toBe('adam');
      const losses = kept.metrics.filter(({ key }) => key === 'train/loss');
      expect(losses.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(kept.metrics.filter(({ key }) => key === 'validation/auc').map(({ step }) => step)).toEqual([
        3, 6,
      ]);
    } finally {
      server.close();
    }
  });

  it('that does not answer is told of once and costs the run nothing', async () => {
    const server = await mlflowServer();
    server.close();
    const warnings: string[] = [];
    const summary = await startRun(recipe({ mlflow: { url: server.url } }), {
      folder: join(folder, 'run-nobody'),
      onEvent: (event) => {
        if (event.kind === 'warning') warnings.push(event.message);
      },
    });
    expect(summary.status).toBe('finished');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(server.url);
  });
});
