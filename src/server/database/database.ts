/** What the server needs of PostgreSQL: the embedded one and a real server look the same. */

/** Where it is told that a job was added, for those who wait on other machines. */
export const newsChannel = 'mesoscope_jobs';

export interface Queries {
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Several statements in one text, without values. */
  script(text: string): Promise<void>;
}

export interface Database extends Queries {
  readonly kind: 'embedded' | 'server';
  /** All or nothing; rolled back where `work` throws. */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** Returns once what was committed before survives a loss of power, as far as this database can tell. */
  flush(): Promise<void>;
  /**
   * Marks this server as alive for as long as it is. `isAlive` of another's key tells whether that one is.
   * A dead process loses its mark at once, whatever killed it.
   */
  holdMark(key: number): Promise<void>;
  isAlive(key: number): Promise<boolean>;
  /** Calls back when another machine may have added a job. Not every time: who waits looks by itself too. */
  onNews(listener: () => void): void;
  close(): Promise<void>;
}

/** As pg-boss asks for it, also inside a transaction. */
export function forBoss(queries: Queries): {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
} {
  return {
    executeSql: async (text, values) => {
      // pg-boss's scripts (migrations) carry no values; its queries do, or are single statements.
      if (!values?.length && /;\s*\S/.test(text.trim().replace(/;$/, ''))) {
        await queries.script(text);
        return { rows: [] };
      }
      return { rows: await queries.query(text, values ?? []) };
    },
  };
}
