/**
 * Vite plugin: puts what local analysis fetches beside the pages (detectors, face networks, ONNX Runtime, their list) and
 * builds its service worker. In `vite dev` the same files are served from where they lie.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { defaultClientConditions, type Plugin } from 'vite';
import { version } from '../src/base/version.ts';
import { bundledDetectors, defaultDetector, detectorPath } from '../src/detect/bundled.ts';
import { engineFolder, type Manifest, manifestPath, manifestSchema } from '../web/local/manifest.ts';

const require = createRequire(import.meta.url);
/** What the worker is bundled from and what is served beside it: Vite lists the licences of the pages' own packages only. */
const packages = [
  'mediabunny',
  'onnxruntime-web',
  'hash-wasm',
  '@bufbuild/protobuf',
  'pure-rand',
  'zod',
  '@vladmandic/human',
];
const faceModels = ['blazeface', 'facemesh', 'faceres'] as const;
/** ONNX Runtime's loader and `.wasm` by device. */
const engines = { cpu: 'ort-wasm-simd-threaded', webgpu: 'ort-wasm-simd-threaded.asyncify' };

/** The plugin for the pages' Vite configuration. */
export function localAnalysis(): Plugin {
  return {
    name: 'local analysis',
    config: () => ({
      // ONNX Runtime's loader stays a file of its own: it starts its threads from it.
      resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
      worker: { format: 'es' },
      // Their licences ask that their notices go where their code goes.
      build: { license: { fileName: 'licences.md' } },
    }),
    configureServer({ middlewares }) {
      middlewares.use(async ({ url }, response, next) => {
        const { files, manifest } = await servedFiles();
        const path = (url ?? '').split('?')[0].slice(1);
        const from = files.get(path);
        if (path === manifestPath) response.end(JSON.stringify(manifest));
        else if (from) {
          if (path.endsWith('.mjs')) response.setHeader('Content-Type', 'text/javascript');
          createReadStream(from).pipe(response);
        } else next();
      });
    },
    async writeBundle({ dir }, bundle) {
      if (dir === undefined) return;
      const { files, manifest } = await servedFiles();
      for (const [path, from] of files) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await copyFile(from, join(dir, path));
      }
      await mkdir(dirname(join(dir, manifestPath)), { recursive: true });
      await writeFile(join(dir, manifestPath), `${JSON.stringify(manifest, null, 2)}\n`);
      await writeFile(join(dir, 'local/licences.md'), licences());
      await writeServiceWorker(dir, Object.keys(bundle), [...files.keys(), manifestPath]);
    },
  };
}

/** What is served from where it lies on disk, by its path below the site's root. */
async function servedFiles(): Promise<{ files: Map<string, string>; manifest: Manifest }> {
  const files = new Map<string, string>();
  const add = (path: string, from: string) => {
    files.set(path, from);
    return { path, bytes: statSync(from).size };
  };
  const human = join(dirname(require.resolve('@vladmandic/human')), '..', 'models');
  const ort = dirname(require.resolve('onnxruntime-web'));
  const engine = (name: string) => {
    add(`${engineFolder}${name}.mjs`, join(ort, `${name}.mjs`));
    return add(`${engineFolder}${name}.wasm`, join(ort, `${name}.wasm`));
  };
  const detectors = (await bundledDetectors()).map((name) => {
    const from = detectorPath(name);
    return { name, ...add(`models/${basename(from)}`, from) };
  });
  const faces = faceModels.flatMap((name) =>
    (['json', 'bin'] as const).map((part) => ({
      name,
      part,
      ...add(`models/${name}.${part}`, join(human, `${name}.${part}`)),
    })),
  );
  const manifest = manifestSchema.parse({
    version,
    defaultDetector,
    detectors,
    faces,
    engine: { cpu: engine(engines.cpu), webgpu: engine(engines.webgpu) },
  });
  return { files, manifest };
}

/** Notices of the packages, as their licences ask. */
function licences(): string {
  return packages
    .map((name) => {
      const folder = fileURLToPath(new URL(`../node_modules/${name}/`, import.meta.url));
      const {
        version: used,
        license,
        repository,
      } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const text = existsSync(join(folder, 'LICENSE')) ? readFileSync(join(folder, 'LICENSE'), 'utf8') : '';
      return `## ${name} ${used} (${license})\n\nSource: ${repository.url}\n\n${text.trim()}\n`;
    })
    .join('\n');
}

async function writeServiceWorker(
  dir: string,
  pages: readonly string[],
  kept: readonly string[],
): Promise<void> {
  // Source maps and the like are fetched by nobody; the pages' document is kept by its address, "/".
  const shown = pages.filter((path) => !/\.(?:map|md)$/.test(path) && path !== 'index.html').sort();
  const hash = createHash('sha256');
  for (const path of ['index.html', ...shown, ...kept])
    hash.update(path).update(readFileSync(join(dir, path)));
  await build({
    entryPoints: [fileURLToPath(new URL('../web/local/service-worker.ts', import.meta.url))],
    outfile: join(dir, 'local-offline.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    logLevel: 'error',
    define: {
      PAGES: JSON.stringify(shown),
      KEPT_WHEN_USED: JSON.stringify(kept),
      BUILD: JSON.stringify(hash.digest('hex').slice(0, 16)),
    },
  });
}
