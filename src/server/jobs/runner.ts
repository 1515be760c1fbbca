/** Works the queues: so many analyses at a time; says that it lives; what the dead left is begun again. */
import { setTimeout } from 'node:timers/promises';
import { describe, errors, UserError } from '../../base/errors.ts';
import type { ServerConfig } from '../config.ts';
import { beat, beatEvery, leave, register, type WorkKind } from '../database/living.ts';
import { isLost } from '../database/lost.ts';
import { type Begun, begin, beginThis, putBack } from '../database/steps.ts';
import { failureOf } from '../failure.ts';
import type { Events } from '../watch/events.ts';
import { secondsSince, tryOf } from '../watch/log.ts';
import { type AnalyseParts, analyseClip } from './analyse-clip.ts';
import type { Job } from './job.ts';
import { findKnown, giveKnown } from './known-result.ts';
import { mendTickets, takeUpFromTheDead } from './patrol.ts';
import { type ClipQueue, clipQueues, type TaskKind } from './queue.ts';
import { backOff, failureKind } from './retry.ts';

/** How often the queue is looked at without being told to, for what another machine put there, ms. */
const lookEvery = 2_000;
/** How often the dead are looked for where several share a database, ms. */
const patrolEvery = 5_000;

export interface RunnerParts extends AnalyseParts {
  config: ServerConfig;
  /** For people: which machine and process. */
  name: string;
  /** How many of each at a time. */
  slots: Readonly<Record<ClipQueue, number>>;
  /** What shares the slots of `analyse`. */
  kinds: readonly WorkKind[];
  /** Begins the next piece of another work than scanning. */
  takeTask?: (kind: TaskKind, server: number) => Promise<Job | undefined>;
  /** Gets a clip from its address; ends it or moves it on by itself. `open` where it was aborted before. */
  fetchClip: (clip: Begun, signal: AbortSignal) => Promise<'ended' | 'open'>;
}

interface Going {
  stop: AbortController;
  ended: Promise<void>;
}

export class Runner {
  readonly #parts: RunnerParts;
  /** This process's number in the database. */
  #server = 0;
  readonly #going = new Map<string, Going>();
  readonly #used: Record<ClipQueue, number> = { fetch: 0, analyse: 0 };
  readonly #timers: NodeJS.Timeout[] = [];
  #filling: Promise<void> | undefined;
  #fillAgain = false;
  /** Whose turn it is, of the kinds. */
  #kind = 0;
  #stopping = false;
  #away = false;
  #beating = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Marks this process as alive, takes up what dead ones left, and begins. */
  async start(): Promise<void> {
    const { database } = this.#parts;
    await this.#register();
    await this.#patrol();
    await mendTickets(this.#parts);
    // Not before it has its number: what is begun without one belongs to nobody.
    database.onNews(() => this.wake());
    this.#timers.push(setInterval(() => this.wake(), lookEvery));
    if (database.kind === 'server') {
      this.#timers.push(setInterval(() => void this.#beat(), beatEvery));
      this.#timers.push(
        setInterval(() => void this.#patrol().catch((error) => this.#told(error)), patrolEvery),
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
        this.#told(error);
      })
      .finally(() => {
        this.#filling = undefined;
        // Woken after the last look and before this.
        if (this.#fillAgain && !this.#stopping) this.wake();
      });
  }

  /** Ends a clip at once whose result is known, without a slot. Never throws: else it waits like the others. */
  async answerKnown(id: string): Promise<void> {
    const { database, queue } = this.#parts;
    try {
      const [clip] = await database.query<{ id: string; key: string | null }>(
        'select id, key from mesoscope.clip where id = $1',
        [id],
      );
      if (!clip || this.#stopping || !(await findKnown(database, clip))) return;
      const begun = await beginThis(database, queue, id, this.#server);
      if (begun) await this.#go(undefined, this.#clipJob(undefined, begun));
    } catch (error) {
      this.#told(error);
    }
  }

  /** Ends what goes on for a clip, and returns once it has ended. */
  async abandon(clip: string): Promise<void> {
    const going = this.#going.get(clip);
    going?.stop.abort();
    await going?.ended;
  }

  /**
   * Hands everything back. What was half done is begun again by the next server.
   * @param graceSeconds for what runs, to come to its end
   */
  async stop(graceSeconds = 0): Promise<void> {
    this.#stopping = true;
    await this.#filling;
    const all = () => Promise.all([...this.#going.values()].map(({ ended }) => ended));
    if (graceSeconds > 0 && this.#going.size > 0) {
      await Promise.race([all(), setTimeout(graceSeconds * 1000, undefined, { ref: false })]);
    }
    for (const { stop } of this.#going.values()) stop.abort();
    await all();
    for (const timer of this.#timers) clearInterval(timer);
    // Where the database is away, others find out by themselves that this one is gone.
    await leave(this.#parts.database, this.#server).catch((error) => this.#told(error));
  }

  async #register(): Promise<void> {
    const { database, name, slots, kinds } = this.#parts;
    this.#server = await register(database, { name, slots: slots.analyse, kinds });
  }

  async #beat(): Promise<void> {
    if (this.#beating || this.#stopping) return;
    this.#beating = true;
    try {
      const known = await beat(this.#parts.database, this.#server);
      if (this.#away) this.#parts.log.tell('database back', {});
      this.#away = false;
      if (known) return;
      this.#parts.log.tell('taken for dead', {});
      for (const { stop } of this.#going.values()) stop.abort();
      await this.#register();
    } catch (error) {
      this.#told(error);
    } finally {
      this.#beating = false;
    }
  }

  /** Once for each time that the database goes away. */
  #told(error: unknown): void {
    const { log, database } = this.#parts;
    const why = describe(error);
    if (!isLost(error)) log.tell('jobs failed', { why });
    else {
      if (!this.#away) log.tell('database away', { why });
      this.#away = database.kind === 'server';
    }
  }

  async #fill(): Promise<void> {
    const { slots } = this.#parts;
    while (this.#fillAgain && !this.#stopping) {
      this.#fillAgain = false;
      for (const name of clipQueues) {
        while (this.#used[name] < slots[name] && !this.#stopping) {
          const job = await (name === 'fetch' ? this.#takeClip(name) : this.#take());
          if (!job) break;
          void this.#go(name, job);
        }
      }
    }
  }

  /** Kinds take turns: a data set of a thousand videos holds no clip up for longer than one of them takes. */
  async #take(): Promise<Job | undefined> {
    const { kinds, takeTask } = this.#parts;
    for (let n = 0; n < kinds.length; n++) {
      const kind = kinds[this.#kind++ % kinds.length];
      const job = await (kind === 'scan' ? this.#takeClip('analyse') : takeTask?.(kind, this.#server));
      if (job) return job;
    }
    return undefined;
  }

  async #takeClip(name: ClipQueue): Promise<Job | undefined> {
    const clip = await begin(this.#parts.database, this.#parts.queue, name, this.#server);
    return clip && this.#clipJob(name, clip);
  }

  /** @param name whose slot it takes; none where the answer is known */
  #clipJob(name: ClipQueue | undefined, clip: Begun): Job {
    const { database, queue, changes, log } = this.#parts;
    const { id, attempts, lost } = clip;
    return {
      ...{ id, attempts, lost },
      tell: (event, fields) => log.tell(event, { ...tryOf(clip), ...fields } as Events[typeof event]),
      work: (stop) => {
        this.#traceWait(clip);
        return name === 'fetch' ? this.#fetch(clip, stop) : this.#analyse(name, clip, stop);
      },
      putBack: (how) => putBack(database, queue, clip, how),
      givenUp: (tries) => errors.ANALYSIS_GIVEN_UP(clip.name, tries),
      changed: () => changes.changed(id),
    };
  }

  #go(name: ClipQueue | undefined, job: Job): Promise<void> {
    if (name) this.#used[name]++;
    job.changed();
    const stop = new AbortController();
    job.tell('begun', {});
    const begun = performance.now();
    const ended = job
      .work(stop)
      .then(
        (how) => (how === 'open' ? this.#handBack(job, begun) : undefined),
        (error) => this.#handBack(job, begun, stop.signal.aborted ? undefined : error),
      )
      .then(() => {
        if (name) this.#used[name]--;
        this.#going.delete(job.id);
        job.changed();
        this.wake();
      });
    this.#going.set(job.id, { stop, ended });
    return ended;
  }

  #traceWait({ trace, waits_since, id }: Begun): void {
    if (trace === null) return;
    // Two clocks: the database's, where it began to wait, and ours.
    const [since, now] = [waits_since.getTime(), Date.now()];
    this.#parts.traces
      .begin('clip wait', { parent: trace, at: Math.min(since, now), attributes: { 'mesoscope.clip': id } })
      .end({}, undefined, now);
  }

  #fetch(clip: Begun, stop: AbortController): Promise<'ended' | 'open'> {
    const { fetchClip, traces } = this.#parts;
    const attributes = { 'mesoscope.clip': clip.id, 'mesoscope.attempt': clip.attempts };
    const span = traces.begin('clip fetch', { parent: clip.trace, attributes });
    return fetchClip(clip, stop.signal).finally(() => span.end());
  }

  async #analyse(name: ClipQueue | undefined, clip: Begun, stop: AbortController): Promise<'ended' | 'open'> {
    if (name) return analyseClip(this.#parts, clip, stop);
    // Without a slot there is no analysis: what turns out not to be known waits like the others.
    return (await giveKnown(this.#parts, clip, stop.signal)) ? 'ended' : 'open';
  }

  /**
   * After a stop of the server the job waits again; after a cancel or a deletion it is not ours any more. Where the
   * database is away it is tried until it is back: one that nobody gives back would be ours for ever.
   * @param begun of `performance.now()` @param error what ended the try; none where it was stopped
   */
  async #handBack(job: Job, begun: number, error?: unknown): Promise<void> {
    const code = error instanceof UserError ? error.code : '';
    const lost = isLost(error) || failureKind(code) === 'lost';
    const reason = error === undefined ? 'stopped' : lost ? 'lost' : 'failed';
    const waitSeconds = { stopped: 0, lost: backOff(job.lost + 1), failed: backOff(job.attempts) }[reason];
    const seconds = secondsSince(begun);
    const told =
      error === undefined
        ? {}
        : { code: code || (lost ? 'DATABASE_UNREACHABLE' : 'INTERNAL'), why: describe(error) };
    const last = error instanceof UserError ? error : job.givenUp(job.attempts);
    const failure = this.#giveUp(job.attempts, last);
    for (;;) {
      try {
        const how = await job.putBack({ why: reason, seconds: waitSeconds, giveUp: () => failure });
        if (how === 'not ours') job.tell('dropped', { seconds });
        else if (how === 'again') job.tell('put back', { ...{ seconds, ...told }, reason, waitSeconds });
        else job.tell('given up', { code: failure?.code ?? '' });
        return;
      } catch (thrown) {
        this.#told(thrown);
        if (this.#stopping) return;
        await setTimeout(lookEvery);
      }
    }
  }

  #giveUp(attempts: number, error: UserError) {
    return attempts < this.#parts.config.job.attempts ? undefined : failureOf(error);
  }

  async #patrol(): Promise<void> {
    if (this.#stopping) return;
    const again = await takeUpFromTheDead(this.#parts, this.#server, (error, n) => this.#giveUp(n, error));
    if (again > 0) this.wake();
  }
}
