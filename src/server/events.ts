/** Live progress as server-sent events: the whole state each time, so that whoever comes back misses nothing. */
import { setTimeout } from 'node:timers/promises';
import { streamSSE } from 'hono/streaming';
import { errors } from '../base/errors.ts';
import { clipEventName, finalStatuses, goneEventName } from './api.ts';
import { type ClipRow, changedSince, findClip, newestChange, openClips } from './database/clips.ts';
import { summaryOf } from './documents.ts';
import type { AppContext } from './route.ts';
import type { Services } from './services.ts';

/** How often the database is asked without being told to: another server may have changed a clip, ms. */
const lookEvery = 2_000;
/** How often something is sent, so that proxies and browsers know that the stream lives, ms. */
const pulseEvery = 15_000;
/** Changes that commit out of their order are found when the last ones are looked at again. */
const lookBack = 100;

/** When to try again for a stream, s: nobody knows when another ends. */
const streamRetry = 5;

type Stream = Parameters<Parameters<typeof streamSSE>[1]>[0];

const send = (stream: Stream, row: ClipRow) =>
  stream.writeSSE({
    event: clipEventName,
    id: String(row.changed),
    data: JSON.stringify(summaryOf(row)),
    retry: 1_000,
  });

const sendGone = (stream: Stream, id: string) =>
  stream.writeSSE({ event: goneEventName, data: JSON.stringify({ id }) });

/** Of one clip; ends after its last state. */
export function clipEvents(c: AppContext, services: Services, first: ClipRow): Response {
  const { id } = first;
  const known = Number(c.req.header('last-event-id') ?? 0);
  // A browser asks again when a stream ends; 204 tells it that there is nothing more to come.
  if (finalStatuses.includes(first.status) && known === first.changed) return c.body(null, 204);
  return open(c, services, async (stream, wait) => {
    let row: ClipRow | undefined = first;
    let sent = 0;
    while (!stream.aborted) {
      if (!row) return sendGone(stream, id);
      if (row.changed !== sent) {
        await send(stream, row);
        sent = row.changed;
      }
      if (finalStatuses.includes(row.status)) return;
      if (!(await wait(id))) return;
      row = await findClip(services.database, id);
    }
  });
}

/** Of all clips, for ever. */
export function allEvents(c: AppContext, services: Services): Response {
  const { database, changes } = services;
  return open(c, services, async (stream, wait) => {
    const sent = new Map<string, number>();
    const gone: string[] = [];
    const forget = changes.listen({ changed: () => undefined, gone: (id) => void gone.push(id) });
    stream.onAbort(forget);
    const lastSeen = Number(c.req.header('last-event-id') ?? 0);
    const begin = lastSeen > 0 ? lastSeen : await newestChange(database);
    let newest = begin;
    for (const row of await changedSince(database, begin - lookBack)) {
      if (row.changed <= begin) sent.set(row.id, row.changed);
    }
    for (const row of lastSeen > 0 ? [] : await openClips(database)) {
      await send(stream, row);
      sent.set(row.id, row.changed);
    }
    while (!stream.aborted) {
      for (const row of await changedSince(database, newest - lookBack)) {
        if (sent.get(row.id) === row.changed) continue;
        await send(stream, row);
        sent.set(row.id, row.changed);
        newest = Math.max(newest, row.changed);
      }
      // What lies further back than is looked at cannot come again.
      for (const [id, changed] of sent) if (changed < newest - lookBack) sent.delete(id);
      for (const id of gone.splice(0)) {
        sent.delete(id);
        await sendGone(stream, id);
      }
      if (!(await wait())) break;
    }
    forget();
  });
}

/** Opens a stream whose work may wait for a change; the wait says false when it is time to end. */
function open(
  c: AppContext,
  { changes, stopping, streams, config }: Services,
  work: (stream: Stream, wait: (id?: string) => Promise<boolean>) => Promise<void>,
): Response {
  const address = c.get('address');
  const open = streams.get(address) ?? 0;
  // Each holds a connection and looks into the database now and then.
  if (open >= config.rate.streams) throw errors.RATE_LIMITED(streamRetry);
  streams.set(address, open + 1);
  // Proxies that gather answers would hold back what is live.
  c.header('X-Accel-Buffering', 'no');
  c.header('Cache-Control', 'no-store');
  return streamSSE(c, async (stream) => {
    const ended = new AbortController();
    stream.onAbort(() => ended.abort());
    const end = AbortSignal.any([stopping, ended.signal]);
    const woken = new Set<string>();
    let wake: () => void = () => undefined;
    const stopListening = changes.listen({
      changed: (id) => {
        woken.add(id);
        wake();
      },
      gone: (id) => {
        woken.add(id);
        wake();
      },
    });
    let pulse = Date.now();
    const wait = async (id?: string): Promise<boolean> => {
      if (Date.now() - pulse > pulseEvery) {
        pulse = Date.now();
        await stream.write(': alive\n\n');
      }
      const isNews = () => (id === undefined ? woken.size > 0 : woken.has(id));
      const until = new AbortController();
      const timer = setTimeout(lookEvery, undefined, {
        signal: AbortSignal.any([until.signal, end]),
        ref: false,
      });
      wake = () => {
        if (isNews()) until.abort();
      };
      wake();
      await timer.catch(() => undefined);
      wake = () => undefined;
      woken.clear();
      return !end.aborted;
    };
    try {
      await work(stream, wait);
    } finally {
      stopListening();
      const left = (streams.get(address) ?? 1) - 1;
      if (left > 0) streams.set(address, left);
      else streams.delete(address);
    }
  });
}
