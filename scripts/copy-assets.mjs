// Run by `npm run build` after tsc: files under src/ that are not TypeScript but read at run time go to the same place
// under dist/, and the command becomes executable (npm does that on install, a checkout does not).
import { chmod, cp, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Extensions that the code reads at run time. Test references and TypeScript stay behind. */
const assets = /\.(?:onnx|bin|wasm)$/;

for (const entry of await readdir(at('src'), { recursive: true })) {
  if (assets.test(entry)) await cp(at(`src/${entry}`), at(`dist/${entry}`));
}
await chmod(at('dist/cli/main.js'), 0o755);
