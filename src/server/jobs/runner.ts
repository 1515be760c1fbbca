/** Works the queue: so many analyses at a time, and what a dead server left is begun again. */
import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { describe, errors } from '../../base/errors.ts';
import type { Progress } from '../api.ts';
import type { Changes } from '../changes.ts';
import type { ServerConfig } from '../config.ts';
import type { Database } from '../database/database.ts';
import { type Begun, begin, finish, putBack, report } from '../database/steps.ts';
import type { Detectors } from '../detectors.ts';
import { failureOf } from '../failure.ts';
import type { Storage } from '../storage/storage.ts';
import { runChild } from './child.ts';
import type { Metrics } from './metrics.ts';
import { ProgressMeter } from './progress.ts';
import { type Queue, type QueueName, queues } from './queue.ts';

/** How often progress goes to the database, ms. */
const reportEvery = 400;
/** How often the queue is looked at without being told to, for what another server put there, ms. */
const lookEvery = 2_000;
/** How often dead servers are looked for where several share a database, ms. */
const patrolEvery = 5_000;

export interface RunnerParts {
  database: Database;
  queue: Queue;
  storage: Storage;
  changes: Changes;
  metrics: Metrics;
  config: ServerConfig;
  detectors: Detectors;
  /** Whether analyses are held to their own files, without a network. */
  confined: boolean;
  log: (line: string) => void;
  /** Gets a clip from its address; ends it or moves it on by itself. */
  fetchClip: (clip: Begun, signal: AbortSignal) => Promise<void>;
  /** Another program in place of the analysis; tests bring ones that misbehave. */
  analysisScript?: URL;
}

/** Addresses that are read at a time. */
const fetchSlots = 2;

interface Going {
  stop: AbortController;
  ended: Promise<void>;
}

export class Runner {
  readonly #parts: RunnerParts;
  /** This server's number in the database. */
  #server = 0;
  readonly #going = new Map<string, Going>();
  readonly #slots: Record<QueueName, number>;
  readonly #used: Record<QueueName, number> = { fetch: 0, analyse: 0 };
  readonly #timers: NodeJS.Timeout[] = [];
  #filling: Promise<void> | undefined;
  #fillAgain = false;
  #stopping = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#slots = { fetch: fetchSlots, analyse: parts.config.job.slots };
  }

  /** Marks this server as alive, takes up what dead ones left, and begins. */
  async start(): Promise<void> {
    const { database } = this.#parts;
    const [{ key }] = await database.query<{ key: number }>(
      'insert into mesoscope.server default values returning key',
    );
    this.#server = key;
    await database.holdMark(key);
    await this.#takeUpFromTheDead();
    await this.#mendTickets();
    this.#timers.push(setInterval(() => this.wake(), lookEvery));
    if (database.kind === 'server') {
      this.#timers.push(
        setInterval(() => {
          this.#takeUpFromTheDead().catch((error) => this.#parts.log(`patrol: ${describe(error)}`));
        }, patrolEvery),
      );
    }
    this.wake();
  }

  get busy(): number {
    return this.#going.size;
  }

  /** Something may wait. */
  wake(): void {
    this.#fillAgain = true;
    this.#filling ??= this.#fill()
      .catch((error) => {
        // The next look is soon; trying at once would only fill the log.
        this.#fillAgain = false;
        this.#parts.log(`jobs: ${describe(error)}`);
      })
      .finally(() => {
        this.#filling = undefined;
        // Woken after the last look and before this.
        if (this.#fillAgain && !this.#stopping) this.wake();
      });
  }

  /** Ends what goes on for a clip, and returns once it has ended. */
  async abandon(clip: string): Promise<void> {
    const going = this.#going.get(clip);
    going?.stop.abort();
    await going?.ended;
  }

  /** Hands everything back. What was half done is begun again by the next server. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#filling;
    for (const { stop } of this.#going.values()) stop.abort();
    await Promise.all([...this.#going.values()].map(({ ended }) => ended));
    await this.#parts.database.query('delete from mesoscope.server where key = $1', [this.#server]);
  }

  async #fill(): Promise<void> {
    while (this.#fillAgain && !this.#stopping) {
      this.#fillAgain = false;
      for (const name of queues) {
        while (this.#used[name] < this.#slots[name] && !this.#stopping) {
          const clip = await begin(this.#parts.database, this.#parts.queue, name, this.#server);
          if (!clip) break;
          this.#go(name, clip);
        }
      }
    }
  }

  #go(name: QueueName, clip: Begun): void {
    this.#used[name]++;
    this.#parts.changes.changed(clip.id);
    const stop = new AbortController();
    const work = name === 'fetch' ? this.#parts.fetchClip(clip, stop.signal) : this.#analyse(clip, stop);
    const ended = work
      .then(
        () => (stop.signal.aborted ? this.#handBack(clip, false) : undefined),
        (error) => {
          this.#parts.log(`clip ${clip.id}: ${describe(error)}`);
          return this.#handBack(clip, !stop.signal.aborted);
        },
      )
      .then(() => {
        this.#used[name]--;
        this.#going.delete(clip.id);
        this.#parts.changes.changed(clip.id);
        this.wake();
      });
    this.#going.set(clip.id, { stop, ended });
  }

  async #analyse(clip: Begun, stop: AbortController): Promise<void> {
    const { storage, config, database, queue, metrics, changes, analysisScript } = this.#parts;
    const out = storage.artefacts(clip.id, clip.attempts);
    const progress = new ProgressWriter(clip, database, changes, stop);
    const meter = new ProgressMeter();
    progress.take(meter.start());
    const begun = performance.now();
    const outcome = await runChild(
      {
        clip: clip.id,
        path: storage.media(clip.media as string),
        name: clip.name,
        mediaType: clip.media_type ?? '',
        detector: clip.detector,
        // None for a detector that is not served any more: then the analysis says which hash is missing.
        detectorSha256: this.#parts.detectors.all.find(({ name }) => name === clip.detector)?.sha256 ?? '',
        sample: clip.sample,
        out,
        threads: config.job.threads,
        limits: {
          seconds: config.clip.seconds,
          pixels: config.clip.pixels,
          sampledFrames: config.clip.sampledFrames,
        },
      },
      {
        limits: config.job,
        signal: stop.signal,
        confined: this.#parts.confined,
        onProgress: (said) => progress.take(meter.take(said)),
        ...(analysisScript ? { script: analysisScript } : {}),
      },
    );
    await progress.end();
    if (outcome.kind === 'stopped') {
      await rm(out, { recursive: true, force: true });
      return;
    }
    const kept = await finish(
      database,
      queue,
      clip,
      outcome.kind === 'done'
        ? { status: 'done', document: outcome.document }
        : { status: 'failed', error: outcome.error, document: outcome.document },
    );
    if (!kept || !outcome.document) await rm(out, { recursive: true, force: true });
    if (!kept) return;
    metrics.analyses.inc({ outcome: outcome.kind === 'done' ? 'done' : outcome.error.code });
    metrics.analysisSeconds.observe((performance.now() - begun) / 1000);
    if (outcome.peakMiB > 0) metrics.analysisMemory.observe(outcome.peakMiB);
  }

  /**
   * After a stop of the server the clip waits again; after a cancel or a deletion it is not ours any more. Where the
   * database is away it is tried until it is back: a clip that nobody gives back would be ours for ever.
   */
  async #handBack(clip: Begun, counts: boolean): Promise<void> {
    const { database, queue, log } = this.#parts;
    for (;;) {
      try {
        await putBack(database, queue, clip, counts, (attempts) => this.#giveUp(clip.name, attempts));
        return;
      } catch (error) {
        log(`clip ${clip.id}: ${describe(error)}`);
        if (this.#stopping) return;
        await setTimeout(lookEvery);
      }
    }
  }

  #giveUp(name: string, attempts: number) {
    const most = this.#parts.config.job.attempts;
    return attempts >= most ? failureOf(errors.ANALYSIS_GIVEN_UP(name, attempts)) : undefined;
  }

  async #takeUpFromTheDead(): Promise<void> {
    const { database, queue, changes, storage, log } = this.#parts;
    const left = await database.query<Pick<Begun, 'id' | 'server' | 'attempts' | 'status' | 'job' | 'name'>>(
      `select id, server, attempts, status, job, name from mesoscope.clip
       where server is not null and server <> $1 order by number`,
      [this.#server],
    );
    const dead = new Map<number, boolean>();
    for (const clip of left) {
      if (!dead.has(clip.server)) dead.set(clip.server, !(await database.isAlive(clip.server)));
      if (!dead.get(clip.server)) continue;
      const how = await putBack(database, queue, clip, true, (n) => this.#giveUp(clip.name, n));
      if (how === 'not ours') continue;
      await rm(storage.artefacts(clip.id, clip.attempts), { recursive: true, force: true });
      log(`clip ${clip.id}: its server died; ${how === 'again' ? 'begun again' : 'given up'}`);
      changes.changed(clip.id);
    }
    for (const [key, isDead] of dead) {
      if (isDead) await database.query('delete from mesoscope.server where key = $1', [key]);
    }
    if (left.length > 0) this.wake();
  }

  /** A clip that waits without a ticket would wait for ever: whatever took the ticket, it gets another. */
  async #mendTickets(): Promise<void> {
    const { database, queue } = this.#parts;
    const waiting = await database.query<{
      id: string;
      status: string;
      job: string | null;
      attempts: number;
    }>(
      `select id, status, job, attempts from mesoscope.clip
       where server is null and status in ('fetching', 'queued') order by number`,
    );
    for (const { id, status, job, attempts } of waiting) {
      const name: QueueName = status === 'fetching' ? 'fetch' : 'analyse';
      await database.transaction(async (queries) => {
        if (job && (await queue.has(queries, name, job))) return;
        const fresh = await queue.add(queries, name, id, attempts);
        await queries.query('update mesoscope.clip set job = $1 where id = $2 and server is null', [
          fresh,
          id,
        ]);
      });
    }
  }
}

/** Writes progress now and then, the newest; finds out on the way that the clip is no longer ours. */
class ProgressWriter {
  readonly #clip: Begun;
  readonly #database: Database;
  readonly #changes: Changes;
  readonly #stop: AbortController;
  #newest: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(clip: Begun, database: Database, changes: Changes, stop: AbortController) {
    this.#clip = clip;
    this.#database = database;
    this.#changes = changes;
    this.#stop = stop;
  }

  take(progress: Progress): void {
    this.#newest = progress;
    this.#timer ??= globalThis.setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, reportEvery);
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.#newest) return;
    try {
      if (await report(this.#database, this.#clip, this.#newest)) this.#changes.changed(this.#clip.id);
      else this.#stop.abort();
    } catch {
      // A database that is away for a moment must not end an analysis; the end of it is what counts.
    }
  }
}
