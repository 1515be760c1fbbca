/**
 * The clips that this tab is working on: sent two at a time, then followed until their verdict. Lives outside the pages,
 * so that going to another page does not stop an upload.
 */
import { useSyncExternalStore } from 'react';
import type { Outcome } from '../../src/report/wording.ts';
import { type ClipSummary, finalStatuses } from '../../src/server/api.ts';
import type { LocalProgress } from '../local/types.ts';
import { asRequestError, type RequestError, server } from '../server/request.ts';
import { watchClip } from '../server/watch.ts';
import { uploadFile } from './upload.ts';

export interface ScanChoice {
  detector: string;
  sample: string;
  chunkBytes: number;
}

export interface Item {
  readonly key: number;
  name: string;
  bytes: number | null;
  /** `here`: analysed in this browser; `ready`: that is done. */
  phase: 'waiting' | 'sending' | 'following' | 'refused' | 'here' | 'ready';
  sentBytes: number;
  /** Bytes a second while it is sent; null until there is something to measure. */
  rate: number | null;
  /** The connection is lost; it is tried again. */
  lost: boolean;
  clip: ClipSummary | null;
  error: RequestError | null;
  here: HereState | null;
}

/** How far an analysis in this browser is. */
export interface HereState {
  progress: LocalProgress;
  secondsLeft: number | null;
  /** Once it is done: where its result is shown, and what it says. */
  result: { href: string; outcome: Outcome; score: number | null } | null;
}

const sendersAtOnce = 2;

let items: readonly Item[] = [];
const listeners = new Set<() => void>();
const running = new Map<number, AbortController>();
const files = new Map<number, { file: File; choice: ScanChoice }>();
let nextKey = 1;

export function useQueue(): readonly Item[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => items,
  );
}

function change(next: readonly Item[]): void {
  items = next;
  for (const listener of listeners) listener();
}

export function patch(key: number, values: Partial<Item>): void {
  change(items.map((item) => (item.key === key ? { ...item, ...values } : item)));
}

/** Puts an item at the top of the list. */
export function add(values: Pick<Item, 'name' | 'bytes' | 'phase'> & Partial<Item>): number {
  const key = nextKey++;
  change([
    { key, sentBytes: 0, rate: null, lost: false, clip: null, error: null, here: null, ...values },
    ...items,
  ]);
  return key;
}

export function addFiles(chosen: readonly File[], choice: ScanChoice): void {
  for (const file of chosen) {
    files.set(add({ name: file.name, bytes: file.size, phase: 'waiting' }), { file, choice });
  }
  sendNext();
}

/** The server fetches the clip; refused addresses are told by the promise. */
export async function addUrl(url: string, choice: ScanChoice): Promise<void> {
  const { detector, sample } = choice;
  follow(await server.scanUrl({ url, detector, sample }));
}

/** Shows a clip's progress, once. */
export function follow(clip: ClipSummary): void {
  if (items.some((item) => item.clip?.id === clip.id)) return;
  watch(add({ name: clip.name, bytes: clip.bytes, phase: 'following', clip }), clip.id);
}

/** The signal that ends an item's work when it is taken off the list. */
export function signalOf(key: number): AbortSignal {
  const abort = new AbortController();
  running.set(key, abort);
  return abort.signal;
}

/** Takes an item off the list; what is still being sent or analysed is stopped. */
export function dismiss(key: number): void {
  const item = items.find((other) => other.key === key);
  running.get(key)?.abort(new DOMException('Cancelled by the user', 'AbortError'));
  if (item?.clip && !finalStatuses.includes(item.clip.status)) {
    server.cancel(item.clip.id).catch((thrown) => patch(key, { error: asRequestError(thrown) }));
    return;
  }
  running.delete(key);
  files.delete(key);
  change(items.filter((other) => other.key !== key));
  sendNext();
}

/** Sends a refused file again, on from where it stopped. */
export function retry(key: number): void {
  if (!files.has(key)) return;
  patch(key, { phase: 'waiting', error: null });
  sendNext();
}

function sendNext(): void {
  const sending = items.filter((item) => item.phase === 'sending').length;
  // The oldest first; new ones stand at the top.
  const waiting = items.filter((item) => item.phase === 'waiting').toReversed();
  for (const item of waiting.slice(0, Math.max(0, sendersAtOnce - sending))) void send(item.key);
}

async function send(key: number): Promise<void> {
  const { file, choice } = files.get(key)!;
  const signal = signalOf(key);
  patch(key, { phase: 'sending' });
  let first: { at: number; bytes: number } | undefined;
  try {
    const id = await uploadFile(file, {
      ...choice,
      signal,
      onLost: (lost) => patch(key, { lost }),
      onSent: (sentBytes) => {
        const now = performance.now();
        first ??= { at: now, bytes: sentBytes };
        const seconds = (now - first.at) / 1000;
        patch(key, { sentBytes, rate: seconds > 0.5 ? (sentBytes - first.bytes) / seconds : null });
      },
    });
    files.delete(key);
    patch(key, { phase: 'following', sentBytes: file.size, lost: false });
    watch(key, id);
  } catch (thrown) {
    if (!signal.aborted) patch(key, { phase: 'refused', lost: false, error: asRequestError(thrown) });
  } finally {
    sendNext();
  }
}

function watch(key: number, id: string): void {
  const signal = signalOf(key);
  const stop = watchClip(id, {
    onState: (clip) => patch(key, { clip, name: clip.name, bytes: clip.bytes }),
    onGone: () => change(items.filter((item) => item.key !== key)),
    onLost: (lost) => patch(key, { lost }),
  });
  // A cancelled clip is followed until the server says so.
  signal.addEventListener('abort', () => {
    if (!items.some((item) => item.key === key)) stop();
  });
}
