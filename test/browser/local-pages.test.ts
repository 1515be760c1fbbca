/** The switch "Analyse on this machine": nothing of the clip leaves the browser, and the server's scores come out. */
import { describe, expect, test } from 'vitest';
import { verdictWords } from '../../src/detect/result.ts';
import { openScanner } from '../../src/detect/scanner.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { testServers } from '../server.ts';
import { haveSharedData, shared, skipReason } from '../shared-data.ts';
import { browserReason, choose, haveChromium, testPages } from './pages.ts';

const { open } = testPages();
const { start } = testServers();
const at = temporaryFolder();

describe.skipIf(!haveChromium)(`analysis on this machine${browserReason}`, () => {
  test.skipIf(!haveSharedData)(
    `no request carries the clip, none is made for the second one, and Node's score comes out${skipReason}`,
    async () => {
      const server = await start();
      const page = await open(server.url);
      const requests: { method: string; path: string }[] = [];
      page.context().on('request', (request) => {
        // Addresses within the browser's memory reach no one.
        if (request.url().startsWith('blob:')) return;
        requests.push({ method: request.method(), path: new URL(request.url()).pathname });
      });
      await page.getByRole('switch', { name: 'Analyse on this machine' }).check();
      await page.getByLabel('Look at').selectOption('even:16');
      await choose(page, await makeClip(at('warm-up.mp4'), 3));
      await page.getByRole('link', { name: /Look at the result of warm-up/ }).waitFor();
      expect(requests.filter(({ method }) => method !== 'GET')).toEqual([]);
      // The pages' own files, the networks, and the lists that the first page shows.
      const known =
        /^\/(?:(?:models|ort|local|assets)\/.*|local-offline\.js|icon\.svg|api\/(?:about|clips|detectors))?$/;
      expect(requests.map(({ path }) => path).filter((path) => !known.test(path))).toEqual([]);

      requests.length = 0;
      const clip = shared('dev/videos/ffpp-c40-Deepfakes-720_672.mp4');
      await choose(page, clip);
      await page.getByRole('link', { name: /Look at the result of ffpp/ }).waitFor();
      expect(requests).toEqual([]);
      expect((await server.client.list()).total).toBe(0);

      await page.getByRole('link', { name: /Look at the result of ffpp/ }).click();
      await page.locator('article.track').first().waitFor();
      const scanner = await openScanner();
      const { result } = await scanner.scan(clip, { sampling: { kind: 'even', count: 16 } });
      await scanner.close();
      expect(await page.locator('.verdict .word').innerText()).toBe(verdictWords[result.verdict]);
      const shown = Number(
        /\b0\.\d+/.exec(await page.locator('.track-verdict .num b').first().innerText())?.[0],
      );
      expect(Math.abs(shown - (result.tracks[0].score ?? Number.NaN))).toBeLessThan(0.02);
      // The faces and their maps are shown from memory.
      expect(await page.locator('.strip img').first().getAttribute('src')).toMatch(/^blob:/);
      const drawn = await page
        .locator('.strip img')
        .first()
        .evaluate((image) => (image as HTMLImageElement).naturalWidth);
      expect(drawn).toBeGreaterThan(0);
      expect(await page.getByRole('checkbox', { name: 'Map' }).isChecked()).toBe(true);
    },
  );

  test('without the server the pages still open, and analyse here', async () => {
    const server = await start();
    const page = await open(server.url);
    await page.getByRole('switch', { name: 'Analyse on this machine' }).check();
    await choose(page, await makeClip(at('first.mp4'), 3));
    await page.getByRole('link', { name: /Look at the result of first/ }).waitFor();
    await server.stop();
    await page.goto(server.url);
    await page.getByText('The server cannot be reached.').waitFor();
    expect(await page.getByRole('switch', { name: 'Analyse on this machine' }).isChecked()).toBe(true);
    await choose(page, await makeClip(at('second.mp4'), 3));
    await page.getByRole('link', { name: /Look at the result of second/ }).waitFor();
    expect(await page.locator('.items').innerText()).toContain('Not assessable');
  });
});
