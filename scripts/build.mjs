// Run by `npm run build`: type declarations by the compiler, JavaScript by esbuild. Our modules and zod (95 files) become
// a few chunks, because opening files is what start-up spends its time on: 0.2 s of a scan. Every output lies two folders
// below the package (`dist/*/…`), as the sources' own `../../` paths expect.
import { execFileSync } from 'node:child_process';
import { chmod, cp, readdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { build as buildPages } from 'vite';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Modules that are started by their path in `src/`, as threads (see `startWorker`) or as processes. */
const workers = (await readdir(at('src'), { recursive: true }))
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /(?:^|\/)(?:worker|launcher)\.ts$/.test(path) && !/^(?:base|cli)\//.test(path))
  .map((path) => [`workers/${path.slice(0, -3).replaceAll('/', '-')}`, at(`src/${path}`)]);

await rm(at('dist'), { recursive: true, force: true });
execFileSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at('tsconfig.build.json')], {
  stdio: 'inherit',
});
await build({
  entryPoints: {
    'cli/main': at('src/cli/main.ts'),
    'package/index': at('src/index.ts'),
    'package/client': at('src/server/client.ts'),
    ...Object.fromEntries(workers),
  },
  outdir: at('dist'),
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  plugins: [
    {
      name: 'packages stay outside, but for zod',
      setup({ onResolve }) {
        onResolve({ filter: /^(?:[@a-z#]|node:)/ }, ({ path, kind }) =>
          kind === 'entry-point' || path === 'zod' || path.startsWith('zod/')
            ? undefined
            : { path, external: true },
        );
      },
    },
  ],
});
// zod's licence asks that its notice goes where its code goes.
await cp(at('node_modules/zod/LICENSE'), at('dist/chunks/LICENSE-zod'));
// Scripts of pages, which no module imports.
await cp(at('src/report/explorer-client.js'), at('dist/assets/explorer-client.js'));
// The pages, beside the program that serves them.
await buildPages({ configFile: at('vite.config.ts'), logLevel: 'warn' });
// The command becomes executable: npm does that on install, a checkout does not.
await chmod(at('dist/cli/main.js'), 0o755);
