/** The code that runs in a browser asks Node for nothing. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the worker of local analysis reaches no module of Node and no Node package', async () => {
  const outside = new Set<string>();
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../../web/local/worker.ts', import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    logLevel: 'error',
    plugins: [
      {
        name: 'packages by name',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^(?:[@a-z#]|node:)/ }, ({ path, kind }) => {
            if (kind === 'entry-point') return undefined;
            outside.add(path);
            return { path, external: true };
          }),
      },
    ],
  });
  // Types are gone by now; what is listed is loaded.
  expect(Object.keys(metafile.inputs).length).toBeGreaterThan(40);
  expect([...outside].sort()).toEqual([
    '#onnxruntime',
    '#onnxruntime-webgpu',
    '@bufbuild/protobuf/wire',
    'hash-wasm',
    'mediabunny',
    'pure-rand/generator/xoroshiro128plus',
    'zod',
  ]);
});
