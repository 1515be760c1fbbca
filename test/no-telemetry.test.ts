/** ONNX Runtime reports to its maker unless it is told not to; what it keeps for that lies in the user's folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { detectorPath } from '../src/detect/bundled.ts';
import { makeClip, temporaryFolder } from './media-fixtures.ts';

const made = temporaryFolder();
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const index = new URL('../dist/package/index.js', import.meta.url).href;
const engine = createRequire(import.meta.url).resolve('onnxruntime-node');
const detector = detectorPath('mesoinception4-dfdc-pairs');

/** @returns whether anything was kept, in a home of its own. `CI` would silence the engine by itself. */
async function reports(name: string, args: readonly string[]): Promise<boolean> {
  const home = made(name);
  await mkdir(home);
  const { CI, ORT_DISABLE_TELEMETRY, XDG_CACHE_HOME, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    env: { ...env, HOME: home, TMPDIR: home },
    cwd: home,
    stdio: 'ignore',
  });
  const [code] = await once(child, 'close');
  expect(code, name).toBe(0);
  return existsSync(`${home}/.cache/Microsoft`);
}

const script = (text: string) => ['--input-type=module', '-e', text];
const session = `const { default: ort } = await import(${JSON.stringify(engine)});
  await ort.InferenceSession.create(${JSON.stringify(detector)});`;

// The first shows what the others would look like: where it fails, the engine has changed, and all this is to be looked at.
test.runIf(process.platform === 'linux')('the engine alone does report', async () => {
  expect(await reports('engine', script(session))).toBe(true);
});

test('nothing of ours does: the library, commands, and the processes that they start', async () => {
  const clip = await makeClip(made('clip.mp4'), 4);
  const open = `import { openScanner } from ${JSON.stringify(index)};
    await (await openScanner({ threads: 1 })).close();`;
  expect(await reports('library', script(open))).toBe(false);
  expect(await reports('show', [main, 'model', 'show', detector])).toBe(false);
  for (const sandbox of ['auto', 'off']) {
    expect(await reports(sandbox, [main, 'scan', clip, '--sandbox', sandbox, '--quiet'])).toBe(false);
  }
});
