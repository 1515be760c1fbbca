/** What Prometheus may ask of one process: counts and times of what it did, no names of clips. docs/operations.md lists all. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from '../database/database.ts';
import { pulse } from '../database/pulse.ts';
import { type ClipQueue, type TaskKind, taskKinds } from '../jobs/queue.ts';
import { type Stage, stages } from '../jobs/stage-clock.ts';
import { ClipGauges } from './clip-gauges.ts';
import type { EventName, Events } from './events.ts';
import type { Log } from './log.ts';
import { TaskGauges } from './task-gauges.ts';

/** Of an analysis, s. */
const analysisBuckets = [1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600];
/** Of a part of a data set, or of a run of a sweep, s. */
const taskBuckets = [1, 5, 20, 60, 300, 1800, 7200, 28_800];
const stageBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

/** Counted from the events that are told, so that log and metrics cannot disagree. */
export class Metrics implements Log {
  readonly registry = new Registry();
  readonly #database: Database;
  readonly #gauges: readonly (ClipGauges | TaskGauges)[];
  readonly #analyses: Counter<'outcome'>;
  readonly #failures: Counter<'queue' | 'code'>;
  readonly #verdicts: Counter<'verdict'>;
  readonly #putBack: Counter<'reason'>;
  readonly #stageSeconds: Histogram<'stage'>;
  readonly #analysisSeconds: Histogram;
  readonly #analysisMemory: Histogram;
  readonly #acceptedBytes: Counter;
  readonly #taskEnds: Counter<'kind' | 'outcome'>;
  readonly #taskFailures: Counter<'kind' | 'code'>;
  readonly #tasksPutBack: Counter<'kind' | 'reason'>;
  readonly #taskSeconds: Histogram<'kind'>;
  readonly #databaseUp: Gauge;

  /** @param ofAll whether this process also tells what the database knows of all of them */
  constructor(database: Database, ofAll: boolean) {
    this.#database = database;
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#analyses = new Counter({
      name: 'mesoscope_analyses_total',
      help: 'Analyses that ended, by outcome: done, failed, or given a known result.',
      labelNames: ['outcome'],
      registers,
    });
    this.#failures = new Counter({
      name: 'mesoscope_failures_total',
      help: 'Clips that failed for good, by what was done with them and code.',
      labelNames: ['queue', 'code'],
      registers,
    });
    this.#verdicts = new Counter({
      name: 'mesoscope_verdicts_total',
      help: 'Clips that were given a verdict; inconclusive and not_assessable are abstentions.',
      labelNames: ['verdict'],
      registers,
    });
    this.#putBack = new Counter({
      name: 'mesoscope_put_back_total',
      help: 'Tries that did not end and wait again: stopped, lost connection, failed here, died elsewhere.',
      labelNames: ['reason'],
      registers,
    });
    this.#stageSeconds = new Histogram({
      name: 'mesoscope_stage_seconds',
      help: 'Time of each stage of an analysis that came to an end.',
      labelNames: ['stage'],
      buckets: stageBuckets,
      registers,
    });
    this.#analysisSeconds = new Histogram({
      name: 'mesoscope_analysis_seconds',
      help: 'Time of an analysis that came to an end, with its result stored.',
      buckets: analysisBuckets,
      registers,
    });
    this.#analysisMemory = new Histogram({
      name: 'mesoscope_analysis_peak_mebibytes',
      help: 'Largest resident memory of an analysis, where the system tells it.',
      buckets: [128, 256, 384, 512, 768, 1024, 1536, 2048, 4096],
      registers,
    });
    this.#acceptedBytes = new Counter({
      name: 'mesoscope_accepted_bytes_total',
      help: 'Bytes of clips that were accepted.',
      registers,
    });
    this.#taskEnds = new Counter({
      name: 'mesoscope_task_ends_total',
      help: 'Tasks that ended for good, by kind and outcome: done or failed.',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.#taskFailures = new Counter({
      name: 'mesoscope_task_failures_total',
      help: 'Tasks that failed for good, by kind and code.',
      labelNames: ['kind', 'code'],
      registers,
    });
    this.#tasksPutBack = new Counter({
      name: 'mesoscope_tasks_put_back_total',
      help: 'Tries at tasks that wait again, by kind and reason, as of mesoscope_put_back_total.',
      labelNames: ['kind', 'reason'],
      registers,
    });
    this.#taskSeconds = new Histogram({
      name: 'mesoscope_task_seconds',
      help: 'Time of a try at a task that came to an end.',
      labelNames: ['kind'],
      buckets: taskBuckets,
      registers,
    });
    this.#databaseUp = new Gauge({
      name: 'mesoscope_database_up',
      help: '1 where the database answered just now, else 0.',
      registers,
    });
    this.#gauges = ofAll ? [new ClipGauges(this.registry), new TaskGauges(this.registry)] : [];
    // A counter that is not there yet cannot rise: those whose values are few begin at 0.
    for (const outcome of ['done', 'failed', 'given']) this.#analyses.inc({ outcome }, 0);
    const reasons = ['stopped', 'lost', 'failed', 'dead'];
    for (const reason of reasons) this.#putBack.inc({ reason }, 0);
    for (const kind of taskKinds) {
      this.#taskSeconds.zero({ kind });
      for (const outcome of ['done', 'failed']) this.#taskEnds.inc({ kind, outcome }, 0);
      for (const reason of reasons) this.#tasksPutBack.inc({ kind, reason }, 0);
    }
    for (const stage of stages) this.#stageSeconds.zero({ stage });
  }

  tell<E extends EventName>(event: E, fields: Events[E]): void {
    // TypeScript does not narrow `fields` by `event`: the pair is what narrows.
    const told = { event, fields } as { [K in EventName]: { event: K; fields: Events[K] } }[EventName];
    if (told.event === 'done') {
      this.#ended('done', told.fields);
      this.#verdicts.inc({ verdict: told.fields.verdict });
    } else if (told.event === 'given') {
      this.#analyses.inc({ outcome: 'given' });
      this.#verdicts.inc({ verdict: told.fields.verdict });
    } else if (told.event === 'failed') {
      this.#failed(told.fields);
      if (told.fields.queue === 'analyse') this.#ended('failed', told.fields);
    } else if (told.event === 'given up') {
      this.#failed(told.fields);
      if (told.fields.queue === 'analyse') this.#analyses.inc({ outcome: 'failed' });
    } else if (told.event === 'put back') this.#putBack.inc({ reason: told.fields.reason });
    else if (told.event === 'taken from the dead') this.#putBack.inc({ reason: 'dead' });
    else if (told.event === 'accepted') this.#acceptedBytes.inc(told.fields.bytes ?? 0);
    else this.#task(event, fields);
  }

  /** In Prometheus' text format. A database that is away is told as that; what this process counted is there anyway. */
  async text(): Promise<string> {
    const up = await pulse(this.#database);
    this.#databaseUp.set(up ? 1 : 0);
    for (const gauges of this.#gauges) await (up ? gauges.read(this.#database) : gauges.clear());
    return this.registry.metrics();
  }

  #task<E extends EventName>(event: E, fields: Events[E]): void {
    const told = { event, fields } as { [K in EventName]: { event: K; fields: Events[K] } }[EventName];
    if (told.event === 'task done') this.#taskEnded('done', told.fields);
    else if (told.event === 'task failed') this.#taskEnded('failed', told.fields);
    else if (told.event === 'task given up') this.#taskEnded('failed', told.fields);
    else if (told.event === 'task put back') {
      const { kind, reason } = told.fields;
      this.#tasksPutBack.inc({ kind, reason });
    } else if (told.event === 'task taken from the dead') {
      this.#tasksPutBack.inc({ kind: told.fields.kind, reason: 'dead' });
    }
  }

  #taskEnded(
    outcome: 'done' | 'failed',
    { kind, seconds, code }: { kind: TaskKind; seconds?: number; code?: string },
  ): void {
    this.#taskEnds.inc({ kind, outcome });
    if (code !== undefined) this.#taskFailures.inc({ kind, code });
    if (seconds !== undefined) this.#taskSeconds.observe({ kind }, seconds);
  }

  #failed({ queue, code }: { queue: ClipQueue; code: string }): void {
    this.#failures.inc({ queue, code });
  }

  #ended(
    outcome: 'done' | 'failed',
    {
      seconds,
      stages: times = {},
      peakMiB = 0,
    }: { seconds: number; stages?: Partial<Record<Stage, number>>; peakMiB?: number },
  ): void {
    this.#analyses.inc({ outcome });
    this.#analysisSeconds.observe(seconds);
    if (peakMiB > 0) this.#analysisMemory.observe(peakMiB);
    for (const [stage, time] of Object.entries(times)) this.#stageSeconds.observe({ stage }, time);
  }
}
