import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeScratch, sweepScratch } from './scratch.ts';

test('what a killed process left is removed, and nothing of those that live', async () => {
  const own = await makeScratch();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  await once(other, 'spawn');
  // As that process would have named its folder.
  const name = basename(own).replace(`-${process.pid}-`, `-${other.pid}-`);
  const theirs = join(dirname(own), name);
  mkdirSync(theirs);
  writeFileSync(join(theirs, 'half'), 'x');
  const elsewhere = join(dirname(own), name.replace(/analysis-\d+/, 'analysis-1'));
  mkdirSync(elsewhere);
  const unnumbered = join(dirname(own), name.replace(/\d+-\w+$/, 'abc'));
  mkdirSync(unnumbered);
  try {
    await sweepScratch();
    expect([own, theirs].map(existsSync)).toEqual([true, true]);
    const ended = once(other, 'exit');
    other.kill('SIGKILL');
    await ended;
    await sweepScratch();
    // That of another namespace is not ours to judge.
    expect([own, theirs, elsewhere, unnumbered].map(existsSync)).toEqual([true, false, true, true]);
  } finally {
    for (const folder of [own, theirs, elsewhere, unnumbered])
      rmSync(folder, { recursive: true, force: true });
  }
});
