/**
 * Whose clip comes next. Each clip is given a turn when it is sent: one after its sender's last, but never one that
 * is long past. A sender of a thousand clips holds a thousand turns; another's first clip gets the one that is next.
 * (Start-time fair queueing: Goyal, Vin and Cheng 1996, with every clip of the same weight.)
 */
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

/** @returns the next turn of a sender, from 0. Taken even if the transaction's clip comes to nothing. */
export async function takeTurn(queries: Queries, { client, priority }: Sender): Promise<number> {
  const [{ turn }] = await queries.query<{ turn: number }>(
    `insert into mesoscope.client (name, priority, turn)
     select $1, $2::smallint, coalesce(
       (select min(turn) from mesoscope.clip where status = 'queued' and priority = $2::smallint),
       (select max(turn) from mesoscope.client where priority = $2::smallint), 0)
     on conflict (name, priority) do update
       set turn = greatest(mesoscope.client.turn + 1, excluded.turn)
     returning turn::float8 as turn`,
    [client, priority],
  );
  return turn;
}

/** What pg-boss sorts by, highest first. */
export function rankOf({ priority, turn }: { priority: number; turn: number }): number {
  return priority * turnsAPriority - Math.min(turn, turnsAPriority - 1);
}
