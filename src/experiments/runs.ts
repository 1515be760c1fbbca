/** The runs under a folder, with what each was set to and how it went. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type MetricName, metrics as trainingMetrics } from '../train/metrics.ts';
import type { RunSummary } from '../train/run.ts';
import { readLog } from '../train/run-log.ts';
import type { RunFailure } from './run/process.ts';
import type { Draw } from './sweep-file.ts';

export interface ListedRun {
  /** Path below the folder that was looked at; `.` for the folder itself. */
  name: string;
  folder: string;
  status: RunSummary['status'] | 'failed' | 'unfinished';
  network: string;
  steps: number;
  metric: MetricName | null;
  best: number | null;
  /** Which way `metric` is better. */
  better: 'higher' | 'lower';
  /** All metrics of the weights that were kept; of the last validation where the run has not ended. */
  validation: Partial<Record<MetricName, number>>;
  /** Values that differ between the runs of a sweep, as drawn. */
  drawn: Record<string, number | string>;
  /** Seconds that training steps and validations took. */
  seconds: number;
  failure?: string;
  recipe: Record<string, unknown>;
  curve: { loss: [step: number, value: number][]; metric: [step: number, value: number][] };
}

/** Folders this deep below the one named are looked into. */
const deepest = 4;
/** Points of a learning curve that a plot can show. */
const mostPoints = 200;

/** All runs, in the order of their names. What cannot be read is left out and named in `unreadable`. */
export async function listRuns(folder: string): Promise<{ runs: ListedRun[]; unreadable: string[] }> {
  const out: { runs: ListedRun[]; unreadable: string[] } = { runs: [], unreadable: [] };
  const visit = async (path: string, depth: number): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    const isRun = existsSync(join(path, 'recipe.json')) || existsSync(join(path, 'failed.json'));
    if (isRun) {
      const name = relative(folder, path).split(sep).join('/') || '.';
      try {
        out.runs.push(await readRun(path, name));
      } catch {
        out.unreadable.push(name);
      }
      return;
    }
    if (depth === deepest) return;
    const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    for (const { name } of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      await visit(join(path, name), depth + 1);
    }
  };
  await visit(folder, 0);
  return out;
}

async function readRun(folder: string, name: string): Promise<ListedRun> {
  const read = async <T>(file: string): Promise<T | undefined> => {
    const path = join(folder, file);
    return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as T) : undefined;
  };
  const [recipe, summary, failure, draw] = await Promise.all([
    read<{ network?: { name?: string }; validation?: { metric?: MetricName } }>('recipe.json'),
    read<RunSummary>('summary.json'),
    read<RunFailure>('failed.json'),
    read<Draw>('draw.json'),
  ]);
  const path = join(folder, 'metrics.jsonl');
  const lines = existsSync(path) ? readLog(path) : [];
  const trained = lines.flatMap((line) => (line.kind === 'train' ? [line] : []));
  const validated = lines.flatMap((line) => (line.kind === 'validation' ? [line] : []));
  const metric = summary?.metric ?? recipe?.validation?.metric ?? null;
  const last = validated.at(-1);
  const milliseconds = trained.reduce((sum, line) => sum + line.stepMs, 0);
  return {
    name,
    folder,
    status: failure ? 'failed' : (summary?.status ?? 'unfinished'),
    network: recipe?.network?.name ?? '',
    steps: summary?.steps ?? trained.at(-1)?.step ?? 0,
    metric,
    best: summary?.best?.value ?? (metric ? (last?.metrics[metric] ?? null) : null),
    better: metric ? trainingMetrics[metric].better : 'higher',
    validation: summary?.validation ?? last?.metrics ?? {},
    drawn: draw?.shown ?? {},
    seconds: Math.round(milliseconds / 1000 + validated.reduce((sum, line) => sum + line.seconds, 0)),
    ...(failure ? { failure: failure.message } : {}),
    recipe: (recipe ?? {}) as Record<string, unknown>,
    curve: {
      loss: thin(trained.map(({ step, loss }) => [step, loss])),
      metric: metric
        ? validated.flatMap(({ step, metrics }) => {
            const value = metrics[metric];
            return value === undefined ? [] : [[step, value] as [number, number]];
          })
        : [],
    },
  };
}

/** Means of neighbours, so that a long curve keeps its shape in few points. */
function thin(points: [number, number][]): [number, number][] {
  const each = Math.ceil(points.length / mostPoints);
  if (each <= 1) return points;
  const out: [number, number][] = [];
  for (let k = 0; k < points.length; k += each) {
    const group = points.slice(k, k + each);
    const mean = group.reduce((sum, [, value]) => sum + value, 0) / group.length;
    out.push([group[group.length - 1][0], Math.round(mean * 1e5) / 1e5]);
  }
  return out;
}

/** Runs as rows: name, status, what was drawn, and every metric; for CSV and Parquet. */
export function runRows(runs: readonly ListedRun[]): {
  columns: string[];
  rows: Record<string, string | number>[];
} {
  const drawn = [...new Set(runs.flatMap((run) => Object.keys(run.drawn)))].sort();
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.validation)))].sort();
  const columns = [
    ...['name', 'status', 'network', 'steps', 'seconds', 'metric', 'best'],
    ...drawn.map((key) => `drawn.${key}`),
    ...metrics.map((key) => `validation.${key}`),
    'failure',
  ];
  const rows = runs.map((run) => ({
    name: run.name,
    status: run.status,
    network: run.network,
    steps: run.steps,
    seconds: run.seconds,
    metric: run.metric ?? '',
    best: run.best ?? '',
    ...Object.fromEntries(drawn.map((key) => [`drawn.${key}`, run.drawn[key] ?? ''])),
    ...Object.fromEntries(
      metrics.map((key) => [`validation.${key}`, run.validation[key as MetricName] ?? '']),
    ),
    failure: run.failure ?? '',
  }));
  return { columns, rows };
}
