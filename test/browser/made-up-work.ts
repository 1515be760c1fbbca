/** Tasks as rows, in each of the ways that they can stand. */
import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/server/database/database.ts';

/** @returns the ids, by name */
export async function insertTasks(database: Database): Promise<Record<string, string>> {
  const error = { code: 'TASK_TIME', title: 'It was ended after 60 s.', next: 'Raise the limit.' };
  const rows = [
    { name: 'The run long-0003', kind: 'train', status: 'queued', attempts: 1, checkpoint: { step: 120 } },
    {
      name: 'The run long-0002',
      kind: 'train',
      status: 'running',
      attempts: 2,
      progress: { done: 30, total: 300 },
    },
    { name: 'The part of real/a.mp4', kind: 'prepare', status: 'failed', attempts: 1, error },
    { name: 'The part of <b>real</b>/b.mp4', kind: 'prepare', status: 'done', attempts: 1 },
  ];
  const ids: Record<string, string> = {};
  for (const [n, row] of rows.entries()) {
    const id = randomUUID();
    ids[row.name] = id;
    await database.query(
      `insert into mesoscope.task (id, kind, key, name, client, priority, turn, status, attempts, payload, progress,
         checkpoint, error, finished_at)
       values ($1, $2, $3, $4, 'anna@desk', 0, $5, $6, $7, '{}', $8, $9, $10,
         case when $6 in ('done', 'failed') then now() end)`,
      [
        ...[id, row.kind, `key ${n}`, row.name, n, row.status, row.attempts],
        ...[row.progress, row.checkpoint, row.error].map((it) => (it ? JSON.stringify(it) : null)),
      ],
    );
  }
  return ids;
}
