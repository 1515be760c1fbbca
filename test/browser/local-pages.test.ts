/** The switch "Analyse on this machine" on the real pages of the real server: nothing is sent, and it goes on without it. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { testServers } from '../server.ts';
import { browserReason, choose, haveChromium, testPages } from './pages.ts';

const { open } = testPages();
const { start } = testServers();
const at = temporaryFolder();

/** Asks whoever the page asks, from now on: method and path. */
function listen(page: Page): string[] {
  const asked: string[] = [];
  page.context().on('request', (request) => {
    asked.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  return asked;
}

describe.skipIf(!haveChromium)(`local analysis on the pages${browserReason}`, () => {
  test('a clip is analysed here and sent nowhere, also once the server is gone', async () => {
    const server = await start();
    const page = await open(server.url);
    await page.getByRole('switch', { name: 'Analyse on this machine' }).check();
    const asked = listen(page);
    await choose(page, await makeClip(at('here.mp4'), 20));
    await page.getByRole('link', { name: 'Look at the result of here.mp4' }).waitFor();
    // What was fetched is the engine; no clip went anywhere.
    expect(asked.filter((line) => !line.startsWith('GET '))).toEqual([]);
    expect(asked).toContain('GET /models/compact-blends.onnx');
    expect((await server.client.list()).clips).toEqual([]);
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);

    await server.stop();
    asked.length = 0;
    await choose(page, await makeClip(at('later.mp4'), 20));
    await page.getByRole('link', { name: 'Look at the result of later.mp4' }).click();
    await page.getByRole('heading', { level: 1, name: 'later.mp4' }).waitFor();
    expect(await page.locator('.verdict .word').innerText()).toBe('Not assessable');
    expect(asked.filter((line) => /models|ort\/|POST|PUT|PATCH/.test(line))).toEqual([]);
  });
});
