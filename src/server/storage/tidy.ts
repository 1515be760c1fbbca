/** Finds what lies in a store and that no row tells of: what a kill left between a file and its row. */
import type { Database } from '../database/database.ts';
import type { ListedFile, Store } from './store.ts';

export interface TidyOptions {
  /** Files that changed within so many hours stay: somebody may be about to write their row. */
  olderHours: number;
  /** Only counted where false. */
  remove: boolean;
  signal?: AbortSignal;
  /** After each page of the list. */
  onPage?: (report: TidyReport) => void;
}

export const kinds = ['media', 'clips', 'tasks'] as const;
type Kind = (typeof kinds)[number];

export interface TidyReport {
  /** All that was looked at. */
  looked: number;
  /** What nobody needs, by kind. */
  needless: Record<Kind, { files: number; bytes: number }>;
  /** Of those, young ones are not. */
  young: number;
  /** What has a name that we do not give: it is left alone. */
  strange: number;
}

/** Files that are asked about with one query. */
const pageSize = 500;

const uuid = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}';
const named = new RegExp(`^(?:(media)/(${uuid})(?:\\.part)?|(clips|tasks)/(${uuid})/(\\d+|going-on)/.+)$`);

interface Place extends ListedFile {
  kind: Kind;
  id: string;
  /** An attempt's number, or `going-on`; undefined of media. */
  part: string | undefined;
}

/** @throws STORE_UNREACHABLE, DATABASE_UNREACHABLE; what was removed by then is gone */
export async function tidy(
  database: Database,
  store: Store,
  { olderHours, remove, signal, onPage }: TidyOptions,
): Promise<TidyReport> {
  const none = () => ({ files: 0, bytes: 0 });
  const report: TidyReport = {
    ...{ looked: 0, young: 0, strange: 0 },
    needless: { media: none(), clips: none(), tasks: none() },
  };
  const since = Date.now() - olderHours * 3_600_000;
  let page: Place[] = [];
  const look = async () => {
    // Asked after they were listed: a row that came meanwhile counts.
    for (const place of await needless(database, page)) {
      // Of one whose time is not told nobody knows that it is old.
      if (!(place.changed <= since)) {
        report.young++;
        continue;
      }
      if (remove) await store.remove(place.key);
      report.needless[place.kind].files++;
      report.needless[place.kind].bytes += place.bytes;
    }
    page = [];
    onPage?.(report);
  };
  for (const kind of kinds) {
    for await (const file of store.list(`${kind}/`)) {
      signal?.throwIfAborted();
      report.looked++;
      const [, media, mediaId, folder, folderId, part] = named.exec(file.key) ?? [];
      const id = mediaId ?? folderId;
      if (id === undefined) report.strange++;
      else page.push({ ...file, kind: (media ?? folder) as Kind, id, part });
      if (page.length === pageSize) await look();
    }
  }
  await look();
  return report;
}

async function needless(database: Database, places: readonly Place[]): Promise<Place[]> {
  const idsOf = (kind: Kind) => [...new Set(places.filter((it) => it.kind === kind).map(({ id }) => id))];
  const rowsOf = async (kind: Kind) =>
    new Map(
      (
        await database.query<{ id: string; status: string; attempts: number }>(
          kind === 'media'
            ? `select id, '' as status, 0 as attempts from mesoscope.media where id = any($1::uuid[])`
            : `select id, status, attempts from mesoscope.${kind === 'clips' ? 'clip' : 'task'} where id = any($1::uuid[])`,
          [idsOf(kind)],
        )
      ).map((row) => [row.id, row]),
    );
  const rows = { media: await rowsOf('media'), clips: await rowsOf('clips'), tasks: await rowsOf('tasks') };
  return places.filter(({ kind, id, part }) => {
    const row = rows[kind].get(id);
    if (!row) return true;
    if (kind === 'media') return false;
    const over = /^(?:done|failed|cancelled)$/.test(row.status);
    // Of what has ended only the attempt that ended it is read; of the rest somebody may be writing.
    if (!over) return false;
    return row.status === 'cancelled' || part !== String(row.attempts);
  });
}
