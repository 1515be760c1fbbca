// In place of the process that scans for the command line: does to each clip what the clip's name says.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { onMessage, tell, write } from './channel.mjs';

// The task's `detector` is a file with what to begin with: how, and the messages to answer with.
let given;
onMessage(async (message) => {
  if (!given) {
    given = JSON.parse(readFileSync(message.detector, 'utf8'));
    if (given.begin === 'fail') process.exit(71);
    if (given.begin === 'fail confined' && isConfined()) process.exit(71);
    return tell({ kind: 'ready', contract: given.contract, detector: given.detector });
  }
  const { path, kind } = message;
  const scanned = (change) => tell({ kind: 'scanned', result: { ...given.result, ...change } });
  const clip = { ...given.result.clip, path };
  switch (basename(path)) {
    case 'crash':
      return process.kill(process.pid, 'SIGSEGV');
    case 'exit':
      return process.exit(3);
    case 'hang':
      return undefined;
    case 'slow':
      for (let n = 0; n < 10; n++) {
        await tell({ kind: 'progress', progress: { stage: 'frames', done: n, total: 10 } });
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
      return scanned({ clip });
    case 'hog': {
      const kept = [];
      return setInterval(() => kept.push(Buffer.alloc(2 ** 27, 1)), 10);
    }
    case 'flood':
      return write('x'.repeat(65 * 2 ** 20));
    case 'garbage':
      return write('no message\n');
    case 'high score':
      return scanned({ clip, score: 2 });
    case 'other clip':
      return scanned({ clip: { ...clip, path: 'another' } });
    case 'other detector':
      return scanned({ clip, detector: { name: 'mine', sha256: '0'.repeat(64) } });
    case 'short crop':
      return tell({ kind: 'crop', crop: { ...given.crop, crop: { width: 9, height: 9, data: 'AAAA' } } });
    case 'other answer':
      return tell({ kind: 'rows', rows: [] });
    case 'refuses':
      return tell({ kind: 'refused', error: { code: 'INTERNAL', fact: 'A bug.', next: 'Report it.' } });
    case 'peek':
      return scanned({ clip, reasons: [reading(given.secret), reading(path), writing(given.outside)] });
  }
  if (kind === 'scan') return scanned({ clip, reasons: [`process ${process.pid}`] });
  if (kind === 'credentials') {
    const none = { status: 'absent', statement: 'None.', manifests: [], problems: [] };
    return tell({ kind: 'credentials', credentials: none });
  }
  await tell({ kind: 'progress', progress: { stage: 'frames', done: 1, total: 1 } });
  const { verdict, interval } = given.result;
  const [words, score] = [String(message.durationSeconds), message.score];
  return tell({ kind: 'rows', rows: [{ variant: 'crf-40', words, verdict, score, interval }] });
});

/** A confined process cannot read what is nobody's business. */
const isConfined = () => reading('/etc/passwd') !== 'did';

function reading(path) {
  try {
    readFileSync(path);
    return 'did';
  } catch (error) {
    return error.code;
  }
}

function writing(path) {
  try {
    writeFileSync(path, 'x');
    return 'did';
  } catch (error) {
    return error.code;
  }
}
