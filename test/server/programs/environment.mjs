// Tells the names and values of its environment, as an error.
import { onTask, tell } from './channel.mjs';

onTask(() => {
  const error = { code: 'INTERNAL', title: JSON.stringify(process.env), next: '' };
  tell({ kind: 'failed', error, document: null }).then(() => process.exit(0));
});
