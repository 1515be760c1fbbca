/** What a check of a bundle proves and what it does not, in words. */
import type { Comparison } from './replay.ts';
import type { Verification } from './verify.ts';

export interface Proof {
  proven: string[];
  notProven: string[];
}

export function proofOf({ ok, checks, manifest }: Verification, replay?: Comparison): Proof {
  const known = checks.some(({ name, status }) => name === 'key' && status === 'passed');
  const proven: string[] = [];
  const notProven: string[] = [];
  if (ok && manifest) {
    proven.push(
      known
        ? 'The bundle is the one that the holder of the key you gave has signed; nothing in it has changed since.'
        : 'Nothing in the bundle has changed since it was signed by the key in it.',
    );
  } else {
    notProven.push('That the bundle is as it was made: something failed above. Rely on nothing in it.');
  }
  if (replay?.agrees) {
    proven.push(
      replay.compared === 0
        ? 'The same clip and the same detector gave the same answer here; there were no scores to compare.'
        : `The same clip and the same detector gave the same scores here: ${replay.compared} numbers, at most ${replay.largest.toExponential(1)} apart (tolerance ${replay.tolerance}).`,
    );
  } else if (replay) {
    notProven.push('The scores: the scan, repeated here, gave others.');
  } else {
    notProven.push('The scores themselves: --replay computes them anew from the clip.');
  }
  if (!known) {
    notProven.push(
      'Who signed: anybody can make a key and sign a changed bundle anew. Get the key or its fingerprint from the maker by another way, and give it with --key.',
    );
  }
  notProven.push(
    'When: the times are those of the clock of the machine that signed.',
    'What happened on that machine before it signed: its owner could have changed program, log and results.',
    'That the clip is or is not manipulated: the report states what a detector measured, with its error rates.',
  );
  return { proven, notProven };
}
