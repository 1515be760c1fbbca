// Leaves links to a file of the machine in place of what a task leaves, and says that it is done.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { onTask, tell } from './channel.mjs';

onTask(({ out }) => {
  for (const name of ['000000.json', '000000.tar']) symlinkSync('/etc/hostname', join(out, name));
  tell({ kind: 'done', said: null }).then(() => process.exit(0));
});
