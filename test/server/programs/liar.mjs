// Says to be done, with a score that is none.
import { onTask, tell } from './channel.mjs';

onTask(() => {
  const result = { score: 7, verdict: 'no_manipulation_found', status: 'scored' };
  tell({ kind: 'done', document: { result, contract: null, evidence: [], maps: [] } });
});
