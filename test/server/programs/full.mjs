// A machine whose disk is full: what another could do.
import { onTask, tell } from './channel.mjs';

onTask(() => {
  const error = { code: 'OUTPUT_UNWRITABLE', title: 'The disk is full.', next: '' };
  tell({ kind: 'failed', error, document: null }).then(() => process.exit(0));
});
