/** The smallest page that analyses locally: what the tests drive, without the pages around it. */

import { openBlob } from '../../../src/media/browser/open.ts';
import { parseSampling } from '../../../src/media/sampling.ts';
import type { ClipInfo, Dropped, PacketScan } from '../../../src/media/types.ts';
import * as local from '../../../web/local/index.ts';

/** A clip as the browser's reader gives it, in values that travel to the test. */
export interface Drawn {
  info: ClipInfo;
  scan: Omit<PacketScan, 'times'> & { times: number[] };
  frames: {
    index: number;
    timeSeconds: number;
    keyFrame: boolean;
    width: number;
    height: number;
    rgb: string;
  }[];
  dropped: readonly Dropped[];
  error?: { code?: string; message: string };
}

async function draw(clip: Blob, name: string, sampling: string): Promise<Partial<Drawn>> {
  const drawn: Partial<Drawn> = {};
  try {
    const reader = await openBlob(clip, name);
    drawn.info = reader.info;
    const { times, ...scan } = await reader.scan();
    drawn.scan = { ...scan, times: [...times] };
    drawn.frames = [];
    for await (const { data, ...frame } of reader.frames(parseSampling(sampling))) {
      drawn.frames.push({ ...frame, rgb: base64(data) });
    }
    drawn.dropped = reader.dropped;
    await reader.close();
  } catch (thrown) {
    const { message, code } = thrown as Error & { code?: string };
    drawn.error = { message, ...(code ? { code } : {}) };
  }
  return drawn;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000)
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

declare global {
  interface Window {
    local: typeof local;
    draw: typeof draw;
    /** The file that a test has put into the page's input. */
    chosen(): File;
  }
}
window.local = local;
window.draw = draw;
window.chosen = () => (document.querySelector('input') as HTMLInputElement).files?.[0] as File;
