/** A module of `src/` as users run it: bundled, its worker threads those of the last `npm run build`. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The module's exports. `tsx` keeps functions' names, which costs inner loops a third; the build does not. */
export async function built<T>(module: string): Promise<T> {
  return (await import(await bundle(`src/${module}`))) as T;
}

/** @param module path in the package. @returns where its bundle is */
export async function bundle(module: string): Promise<string> {
  if (!existsSync(at('dist/workers'))) throw new Error('`npm run build` comes first');
  // Two folders below the package, as the sources' own paths expect.
  const out = at(`dist/bench/${module.replaceAll('/', '-').replace(/\.ts$/, '')}.js`);
  await build({
    entryPoints: [at(module)],
    outfile: out,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  return out;
}
