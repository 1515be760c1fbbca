// Tells the names and values of its environment, as an error.
process.once('message', () => {
  const error = { code: 'INTERNAL', title: JSON.stringify(process.env), next: '' };
  process.send({ kind: 'failed', error, document: null }, undefined, {}, () => process.exit(0));
});
