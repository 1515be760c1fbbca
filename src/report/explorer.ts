/** What the runs explorer draws, and how it looks: for the file of `report/runs.ts` and for the pages. No Node. */
import type { ListedRun } from '../experiments/runs.ts';

export const explorerCss = `#parallel{height:420px}#curves{height:340px}
#table button{all:unset;cursor:pointer;font:inherit;color:inherit}#table button:focus-visible{outline:2px solid var(--clear)}
#table td{padding:5px 14px 5px 0;white-space:nowrap}#table tbody tr{cursor:pointer}
#table tr.on td{background:var(--clear-wash)}#filter{font:inherit;padding:5px 8px;width:18em;max-width:100%;
background:var(--paper);color:var(--ink);border:1px solid var(--rule)}
#detail table td{font:13px/1.5 var(--mono)}#detail pre{max-height:420px;overflow:auto}`;

/** The runs with the axes that they span. */
export function explorerData<
  R extends Pick<ListedRun, 'drawn' | 'validation' | 'recipe'> & { folder?: string },
>(runs: readonly R[]) {
  const keys = [...new Set(runs.flatMap(({ drawn }) => Object.keys(drawn)))].sort();
  const metrics = [...new Set(runs.flatMap(({ validation }) => Object.keys(validation)))].sort();
  // Always answering 0.5 costs ln 2 under cross entropy, whatever the data.
  const losses = new Set(runs.map(({ recipe }) => (recipe.loss as { kind?: string } | undefined)?.kind));
  const baseline = losses.size === 1 && losses.has('cross-entropy') ? Math.log(2) : null;
  return { runs: runs.map(({ folder: _, ...run }) => run), keys, metrics, baseline };
}
