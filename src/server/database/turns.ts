/**
 * Whose clip comes next. Each clip is given a turn when it is sent: one after its sender's last, but never one that
 * is long past. A sender of a thousand clips holds a thousand turns; another's first clip gets the one that is next.
 * (Start-time fair queueing: Goyal, Vin and Cheng 1996, with every clip of the same weight.) Each queue counts for
 * itself: a sender of clips pays nothing for its data set.
 */
import type { TaskKind } from '../jobs/queue.ts';
import type { Queries } from './database.ts';

/** By name, as the API and the command line take them. */
export const priorities = { low: -1, normal: 0, high: 1 } as const;
export type PriorityName = keyof typeof priorities;

/** Turns of one priority; pg-boss orders by a 32-bit number that holds both. */
const turnsAPriority = 2 ** 29;

export interface Sender {
  /** Who sends; any text. Clips of senders of the same name share their turns. */
  client: string;
  priority: number;
}

/** @returns the next turn of a sender, from 0. Taken even if the transaction's clip or task comes to nothing. */
export async function takeTurn(
  queries: Queries,
  { client, priority }: Sender,
  queue: 'analyse' | TaskKind = 'analyse',
): Promise<number> {
  const waiting = queue === 'analyse' ? 'mesoscope.clip where' : 'mesoscope.task where kind = $3 and';
  const [{ turn }] = await queries.query<{ turn: number }>(
    `insert into mesoscope.client (name, priority, queue, turn)
     select $1, $2::smallint, $3::text, coalesce(
       (select min(turn) from ${waiting} status = 'queued' and priority = $2::smallint),
       (select max(turn) from mesoscope.client where queue = $3 and priority = $2::smallint), 0)
     on conflict (queue, name, priority) do update
       set turn = greatest(mesoscope.client.turn + 1, excluded.turn)
     returning turn::float8 as turn`,
    [client, priority, queue],
  );
  return turn;
}

/** What pg-boss sorts by, highest first. */
export function rankOf({ priority, turn }: { priority: number; turn: number }): number {
  return priority * turnsAPriority - Math.min(turn, turnsAPriority - 1);
}
