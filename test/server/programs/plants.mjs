// Leaves links to a file of the machine in place of what a task leaves, and says that it is done.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';

process.once('message', ({ out }) => {
  for (const name of ['000000.json', '000000.tar']) symlinkSync('/etc/hostname', join(out, name));
  process.send({ kind: 'done', said: null }, undefined, {}, () => process.exit(0));
});
