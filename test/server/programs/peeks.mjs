// Tells how far a task's process comes: a file of the machine, the folder of its data, the network.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTask, tell } from './channel.mjs';

const tried = async (what) => {
  try {
    return (await what()) ?? 'done';
  } catch (error) {
    return error.code;
  }
};

onTask(async ({ data, out }) => {
  const said = {
    users: await tried(() => void readFileSync('/etc/passwd')),
    ...(data === undefined
      ? {}
      : {
          data: await tried(() => readdirSync(data).join()),
          beside: await tried(() => void readdirSync(join(data, '..'))),
          change: await tried(() => writeFileSync(join(data, 'x'), 'x')),
        }),
    out: await tried(() => writeFileSync(join(out, 'x'), 'x')),
    network: await tried(() => new Promise((_, reject) => connect(1, '127.0.0.1').on('error', reject))),
  };
  const error = { code: 'INTERNAL', title: JSON.stringify(said), next: '' };
  tell({ kind: 'failed', error }).then(() => process.exit(0));
});
