/** A built `mesoscope serve` as a process, and a clip to send to it. */
import { spawn } from 'node:child_process';
import { existsSync, openAsBlob, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeVideo, type TimedPicture } from '../src/media/encode.ts';
import { openClip } from '../src/media/open.ts';

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export interface Served {
  url: string;
  pid: number;
  /** From the start of the process until it answers. */
  startSeconds: number;
  ended: Promise<void>;
  kill: (signal: NodeJS.Signals) => void;
}

export async function serve(args: readonly string[], port: number): Promise<Served> {
  if (!existsSync(at('dist/cli/main.js'))) throw new Error('`npm run build` comes first');
  const begun = performance.now();
  const child = spawn(process.execPath, [at('dist/cli/main.js'), 'serve', '--port', `${port}`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (bytes) => {
    stderr += bytes;
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (bytes) => {
      said += bytes;
      const address = /serves at (\S+)/.exec(said)?.[1];
      if (address) resolve(address);
    });
    void ended.then(() => reject(new Error(`serve ended: ${stderr}`)));
  });
  return {
    url,
    pid: child.pid as number,
    startSeconds: (performance.now() - begun) / 1000,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}

/** Resident memory of a process, MiB; 0 where /proc does not tell. */
export function residentMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** Eight frames of a clip with a face, 1280 x 720; drawn frames without one where the shared data is absent. */
export async function shortClip(folder: string): Promise<{ blob: Blob; faces: boolean }> {
  const source = at('../shared/data/dev/videos/ffpp-c40-183.mp4');
  const path = join(folder, 'short.mp4');
  const faces = existsSync(source);
  await encodeVideo(faces ? framesOf(source) : drawn(), path);
  // Read into memory: each upload must cost the client little.
  return { blob: new Blob([await (await openAsBlob(path)).arrayBuffer()]), faces };
}

async function* framesOf(path: string): AsyncGenerator<TimedPicture> {
  const reader = await openClip(path);
  let i = 0;
  for await (const { width, height, data } of reader.frames({ kind: 'range', start: 0, count: 8 })) {
    yield { width, height, data: data.slice(), timeSeconds: i++ / 25 };
  }
  await reader.close();
}

async function* drawn(): AsyncGenerator<TimedPicture> {
  for (let i = 0; i < 8; i++) {
    const data = new Uint8Array(640 * 360 * 3).map((_, k) => (k + i * 40) % 251);
    yield { width: 640, height: 360, data, timeSeconds: i / 25 };
  }
}

/** The same clip with other bytes: one that was analysed before is answered without work. */
export function variant(clip: Blob, number: number): Blob {
  // An ISO box that players skip: 12 bytes, `free`, the number.
  const box = new DataView(new ArrayBuffer(12));
  box.setUint32(0, 12);
  box.setUint32(4, 0x66726565);
  box.setUint32(8, number);
  return new Blob([clip, box.buffer]);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));
