/**
 * An MLflow tracking server, by its REST API 2.0: experiments/get-by-name and create, runs/create, log-batch and update.
 * Figures are sent in batches beside the training. A server that does not answer costs figures there, never the run:
 * it is told once, and what could not be sent is tried again with the next batch.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { describe } from '../../base/errors.ts';
import type { ResolvedRecipe } from '../recipe.ts';
import type { RunSummary } from '../run.ts';
import { writeJson } from '../write-file.ts';
import type { Logging, RunLogger } from './logger.ts';
import { scalarsOf } from './scalars.ts';

/** The API's own limits of one log-batch. */
const most = { metrics: 1000, params: 100, valueLength: 6000 };
/** Metrics that wait for a server at most; older ones are dropped. */
const mostWaiting = 100_000;
const timeoutMs = 10_000;

interface Metric {
  key: string;
  value: number;
  timestamp: number;
  step: number;
}

const experimentReply = z.object({ experiment: z.object({ experiment_id: z.string() }) });
const createdReply = z.object({ experiment_id: z.string() });
const runReply = z.object({ run: z.object({ info: z.object({ run_id: z.string() }) }) });
const keptSchema = z.object({ url: z.string(), runId: z.string() });

export function openMlflow(
  { url, experiment }: NonNullable<Logging['mlflow']>,
  recipe: ResolvedRecipe,
  folder: string,
  warn: (message: string) => void,
): RunLogger {
  const base = `${url.replace(/\/+$/, '')}/api/2.0/mlflow`;
  let waiting: Metric[] = [];
  let runId: string | undefined;
  let told = false;
  let sending: Promise<void> = Promise.resolve();

  const call = async <T>(method: 'GET' | 'POST', path: string, body: object, reply: z.ZodType<T>) => {
    const query = method === 'GET' ? `?${new URLSearchParams(body as Record<string, string>)}` : '';
    const response = await fetch(`${base}/${path}${query}`, {
      method,
      ...(method === 'POST'
        ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
        : {}),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) {
      const text = (await response.text()).slice(0, 300);
      throw Object.assign(new Error(`${path}: ${response.status} ${text}`), { status: response.status });
    }
    return reply.parse(await response.json());
  };

  const experimentId = async (): Promise<string> => {
    try {
      const found = await call(
        'GET',
        'experiments/get-by-name',
        { experiment_name: experiment },
        experimentReply,
      );
      return found.experiment.experiment_id;
    } catch (cause) {
      if ((cause as { status?: number }).status !== 404) throw cause;
      return (await call('POST', 'experiments/create', { name: experiment }, createdReply)).experiment_id;
    }
  };

  const openRun = async (): Promise<string> => {
    const file = join(folder, 'mlflow.json');
    if (existsSync(file)) {
      // A run that goes on stays one run there.
      const kept = keptSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
      if (kept.success && kept.data.url === url) return kept.data.runId;
    }
    const { run } = await call(
      'POST',
      'runs/create',
      {
        experiment_id: await experimentId(),
        run_name: recipe.name,
        start_time: Date.now(),
        tags: [{ key: 'mlflow.source.name', value: 'mesoscope' }],
      },
      runReply,
    );
    const id = run.info.run_id;
    await writeJson(file, { url, runId: id });
    const params = parametersOf(recipe);
    for (let k = 0; k < params.length; k += most.params) {
      const part = params.slice(k, k + most.params);
      await call('POST', 'runs/log-batch', { run_id: id, params: part }, z.unknown());
    }
    return id;
  };

  const send = async (): Promise<void> => {
    try {
      runId ??= await openRun();
      while (waiting.length > 0) {
        const part = waiting.slice(0, most.metrics);
        await call('POST', 'runs/log-batch', { run_id: runId, metrics: part }, z.unknown());
        waiting = waiting.slice(part.length);
      }
    } catch (cause) {
      if (!told) warn(`MLflow at ${url} does not take the figures (${describe(cause)}); training goes on`);
      told = true;
      waiting = waiting.slice(-mostWaiting);
    }
  };
  /** One request after the other, however fast the figures come. */
  const queue = () => {
    sending = sending.then(send);
    return sending;
  };

  void queue();
  return {
    log(event) {
      const scalars = scalarsOf(event);
      if (!scalars) return;
      const timestamp = Date.now();
      for (const [key, value] of scalars.values) {
        if (Number.isFinite(value)) waiting.push({ key, value, timestamp, step: scalars.step });
      }
      if (event.kind === 'validation' || waiting.length >= most.metrics) void queue();
    },
    async close(summary) {
      await queue();
      if (runId === undefined) return;
      const update = { run_id: runId, status: statusOf(summary), end_time: Date.now() };
      await call('POST', 'runs/update', update, z.unknown()).catch((cause) => {
        if (!told) warn(`MLflow at ${url} was not told that the run ended (${describe(cause)})`);
      });
    },
  };
}

/** MLflow's words for how a run ended; one that may go on is only killed there. */
function statusOf(summary: RunSummary | undefined): 'FINISHED' | 'KILLED' | 'FAILED' {
  if (!summary) return 'FAILED';
  return summary.status === 'interrupted' ? 'KILLED' : 'FINISHED';
}

/** The recipe as flat keys: `optimiser.kind`. */
export function parametersOf(recipe: object): { key: string; value: string }[] {
  const out: { key: string; value: string }[] = [];
  const visit = (value: unknown, path: string) => {
    if (value === null || value === undefined) return;
    if (typeof value === 'object' && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path ? `${path}.${key}` : key);
      return;
    }
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    out.push({ key: path, value: text.slice(0, most.valueLength) });
  };
  visit(recipe, '');
  return out;
}
