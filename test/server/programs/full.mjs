// A machine whose disk is full: what another could do.
process.once('message', () => {
  const error = { code: 'OUTPUT_UNWRITABLE', title: 'The disk is full.', next: '' };
  process.send({ kind: 'failed', error, document: null }, () => process.exit(0));
});
