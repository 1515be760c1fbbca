/** A worker whose analyses are `stage.mjs` of the tests' programs, as a process of its own: DATABASE STORE CONCURRENCY. */
import { makeConfig } from '../../src/server/config.ts';
import { forPeople } from '../../src/server/watch/log.ts';
import { startWorker } from '../../src/server/work.ts';

const [database, store, concurrency] = process.argv.slice(2);
const slots = Number(concurrency);
const worker = await startWorker(
  makeConfig({ database, store, disk: { leaveFreeMiB: 0 }, job: { slots, attempts: 1e6 } }),
  {
    analysisScript: new URL('../../test/server/programs/stage.mjs', import.meta.url),
    log: forPeople(console.error),
  },
);
process.on('SIGTERM', () => void worker.stop().then(() => process.exit(0)));
process.send?.('ready');
