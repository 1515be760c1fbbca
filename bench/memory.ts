/**
 * Peak memory of a scan of the same clip looped to 1 and to 30 minutes: `npx tsx bench/memory.ts [--write]`.
 * Needs a build, ../shared and the ffmpeg program (to loop the clip without re-encoding).
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from './child.ts';
import { machine } from './machine.ts';

const source = '../shared/data/dev/videos/ffpp-c40-183.mp4';
const folder = await mkdtemp(join(tmpdir(), 'mesoscope-memory-'));
const rows = [];
for (const sample of ['even:32', 'fps:4']) {
  for (const minutes of [1, 30]) {
    const clip = join(folder, `${minutes}.mp4`);
    const looped = [
      '-v',
      'error',
      '-y',
      '-stream_loop',
      '-1',
      '-i',
      source,
      '-t',
      `${minutes * 60}`,
      '-c',
      'copy',
      clip,
    ];
    const made = await runChild('ffmpeg', looped);
    if (made.code !== 0) throw new Error(made.stderr);
    const args = ['dist/cli/main.js', 'scan', clip, '--sample', sample, '--json', '--quiet'];
    const { stdout, stderr, code, seconds, peakMiB } = await runChild(process.execPath, args);
    if (code !== 0) throw new Error(stderr);
    const { framesAnalysed } = JSON.parse(stdout);
    rows.push({ sample, minutes, framesAnalysed, peakMiB, seconds: Math.round(seconds * 10) / 10 });
    console.log(JSON.stringify(rows.at(-1)));
  }
}
await rm(folder, { recursive: true });
if (process.argv.includes('--write')) {
  const caveat = 'Peak resident memory (VmHWM) of the whole process, polled every 20 ms.';
  await writeFile(
    'bench/results/memory.json',
    `${JSON.stringify({ machine: machine(), caveat, rows }, null, 2)}\n`,
  );
}
