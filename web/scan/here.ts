/** Analysis in this browser: the files are read where they lie, and the results stay in this page's memory. */
import { outcomeOf } from '../../src/report/wording.ts';
import { localView, storeResult } from '../clip/local-view.ts';
import { analyseLocally } from '../local/index.ts';
import { RequestError } from '../server/request.ts';
import { add, type HereState, patch, signalOf } from './queue.ts';

interface Choice {
  detector: string;
  sample: string;
}

/** Analyses them one after the other. */
export function analyseHere(files: readonly File[], choice: Choice): void {
  for (const file of files) void analyse(file, choice);
}

async function analyse(file: File, { detector, sample }: Choice): Promise<void> {
  const waiting: HereState = {
    progress: { stage: 'wait', done: 0, total: 0 },
    secondsLeft: null,
    result: null,
  };
  const key = add({ name: file.name, bytes: file.size, phase: 'here', here: waiting });
  const signal = signalOf(key);
  let begun: number | undefined;
  try {
    const analysis = await analyseLocally(file, {
      name: file.name,
      detector,
      sampling: sample,
      signal,
      onProgress: (progress) => {
        if (progress.stage === 'frames') begun ??= performance.now();
        const { done, total } = progress;
        const spent = begun === undefined ? 0 : (performance.now() - begun) / 1000;
        const secondsLeft = progress.stage === 'frames' && done > 1 ? (spent / done) * (total - done) : null;
        patch(key, { here: { progress, secondsLeft, result: null } });
      },
    });
    const href = storeResult(localView(file, sample, analysis));
    const { result } = analysis;
    const ended: HereState = {
      progress: { stage: 'done', done: 1, total: 1 },
      secondsLeft: null,
      result: { href, outcome: outcomeOf(result), score: result.score },
    };
    patch(key, { phase: 'ready', here: ended });
  } catch (thrown) {
    if (!signal.aborted) patch(key, { phase: 'refused', error: asShown(thrown) });
  }
}

/** Errors of the engine carry their own next step in the message. */
function asShown(thrown: unknown): RequestError {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new RequestError(text, 'Without the switch, the server analyses the clip.', 'LOCAL');
}
