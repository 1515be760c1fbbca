/** A clip's state as the server tells it, by server-sent events. */
import {
  type ClipSummary,
  clipEventName,
  clipEventSchema,
  finalStatuses,
  goneEventName,
} from '../../src/server/api.ts';

export interface Watching {
  onState: (clip: ClipSummary) => void;
  /** The clip was deleted. */
  onGone: () => void;
  /** True while the server cannot be heard; the browser tries again by itself. */
  onLost: (lost: boolean) => void;
}

/** Until the clip's last state, or until the returned function is called. */
export function watchClip(id: string, { onState, onGone, onLost }: Watching): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const stop = () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
  };
  const open = () => {
    source = new EventSource(`/api/clips/${encodeURIComponent(id)}/events`);
    source.addEventListener('open', () => onLost(false));
    source.addEventListener(clipEventName, (event) => {
      const clip = clipEventSchema.safeParse(JSON.parse((event as MessageEvent<string>).data));
      if (!clip.success) return;
      onLost(false);
      if (finalStatuses.includes(clip.data.status)) stop();
      onState(clip.data);
    });
    source.addEventListener(goneEventName, () => {
      stop();
      onGone();
    });
    source.addEventListener('error', () => {
      if (ended) return;
      onLost(true);
      // A refused connection is retried by the browser; an error answer (a proxy's 502) is not.
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, 2000);
    });
  };
  open();
  return stop;
}
