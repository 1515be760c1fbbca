/** A PostgreSQL server of one's own, by address. */
import pg from 'pg';
import { describe, errors } from '../../base/errors.ts';
import { type Database, newsChannel, type Queries } from './database.ts';

/** Space of the advisory locks that mark live servers, so that other users of the database do not meet them. */
const markSpace = 0x4d45_534f;

/** How long a lost mark is tried to be set again before the next try, ms. */
const markRetry = 1_000;
/** A machine that does not answer must not hold up a stop, ms. */
const connectWithin = 5_000;

/** @throws DATABASE_UNREACHABLE, without the address's password. */
export async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    application_name: 'mesoscope',
    connectionTimeoutMillis: connectWithin,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  // Nor may one that breaks while it is used, in a transaction between two queries: the next query tells.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  try {
    await pool.query('select 1');
  } catch (cause) {
    await pool.end();
    throw errors.DATABASE_UNREACHABLE(withoutSecrets(url), describe(cause));
  }
  const queriesOf = (on: pg.Pool | pg.PoolClient): Queries => ({
    query: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await on.query(text, [...values])).rows as Row[],
    script: async (text) => void (await on.query(text)),
  });
  const transaction = async <T>(work: (queries: Queries) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const value = await work(queriesOf(client));
      await client.query('commit');
      return value;
    } catch (error) {
      await client.query('rollback').catch((thrown: Error) => {
        broken = thrown;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  };
  const mark = new Mark(url);
  return {
    kind: 'server',
    ...queriesOf(pool),
    transaction,
    // PostgreSQL's commit is durable by itself (synchronous_commit).
    flush: async () => undefined,
    holdMark: (key) => mark.hold(key),
    isAlive: (key) =>
      transaction(async (queries) => {
        const [{ free }] = await queries.query<{ free: boolean }>(
          'select pg_try_advisory_xact_lock($1, $2) as free',
          [markSpace, key],
        );
        return !free;
      }),
    onNews: (listener) => mark.onNews(listener),
    close: async () => {
      await mark.close();
      await pool.end();
    },
  };
}

/**
 * A session's advisory lock: PostgreSQL lets go of it when the connection ends, however it ends. The same connection
 * hears of new jobs.
 */
class Mark {
  readonly #url: string;
  readonly #listeners: (() => void)[] = [];
  #client: pg.Client | undefined;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
  }

  onNews(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** In place of the key that was held before, where there was one. */
  async hold(key: number): Promise<void> {
    const before = this.#client;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'mesoscope-mark',
      connectionTimeoutMillis: connectWithin,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    client.on('notification', () => {
      for (const listener of this.#listeners) listener();
    });
    await client.connect();
    await client.query('select pg_advisory_lock($1, $2)', [markSpace, key]);
    await client.query(`listen ${newsChannel}`);
    this.#client = client;
    client.on('end', () => {
      if (!this.#closed && this.#client === client) this.#again(key);
    });
    // What came while nobody listened.
    for (const listener of this.#listeners) listener();
    await before?.end().catch(() => undefined);
  }

  /** The database was restarted: until the mark is back another server may take over what runs here. */
  #again(key: number): void {
    setTimeout(() => {
      if (!this.#closed) this.hold(key).catch(() => this.#again(key));
    }, markRetry).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end();
  }
}

/** The address without user and password. */
export function withoutSecrets(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'of that address';
  }
}
