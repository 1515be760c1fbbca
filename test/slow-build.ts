/** A build in a process of its own, for tests that kill it: `tsx slow-build.ts OUT MILLISECONDS`. */
import { build } from '../src/data/build/build.ts';

const [out, milliseconds] = process.argv.slice(2);
const report = await build({ ...slowBuild(out), settings: { milliseconds: Number(milliseconds) } });
process.stdout.write(`items ${report.items}\n`);

function slowBuild(folder: string) {
  return {
    out: folder,
    kind: 'test',
    plan: { size: 1 },
    units: Array.from({ length: 24 }, (_, i) => ({
      name: `u${String(i).padStart(2, '0')}`,
      size: 3000 + 100 * i,
    })),
    worker: new URL('./slow-units.ts', import.meta.url),
    workers: 2,
    manifest: 'csv' as const,
    shardBytes: 50_000,
    dropped: [],
    nameOf: ({ name }: { name: string }) => name,
  };
}
