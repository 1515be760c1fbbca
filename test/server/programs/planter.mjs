// Leaves a link in place of the report, and says that the file could not be read, with a document that shows the report.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { onTask, tell } from './channel.mjs';

onTask(({ out, path, name, sample }) => {
  symlinkSync(path, join(out, 'report.html'));
  const error = { code: 'CLIP_NOT_MEDIA', title: `${name} at ${sample}`, next: '' };
  const document = { result: null, contract: null, evidence: [], maps: [], credentials: null, replay: null };
  tell({ kind: 'failed', error, document }).then(() => process.exit(0));
});
