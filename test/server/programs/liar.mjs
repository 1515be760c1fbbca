// Says to be done, with a score that is none.
process.once('message', () => {
  const result = { score: 7, verdict: 'no_manipulation_found', status: 'scored' };
  process.send({ kind: 'done', document: { result, contract: null, evidence: [], maps: [] } });
});
process.once('disconnect', () => process.exit(1));
