/** From a file to its result through the pages, and what can go wrong on the way. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { verdictWords } from '../../src/detect/result.ts';
import { score } from '../../src/report/format.ts';
import { MesoscopeClient } from '../../src/server/client.ts';
import { makeClip, temporaryFolder } from '../media-fixtures.ts';
import { program, startProcess, testServers, until } from '../server.ts';
import { haveSharedData, shared, skipReason } from '../shared-data.ts';
import { browserReason, choose, haveChromium, testPages } from './pages.ts';

const { open } = testPages();
const { start, folder } = testServers();
const at = temporaryFolder();

describe.skipIf(!haveChromium)(`scanning${browserReason}`, () => {
  test.skipIf(!haveSharedData)(
    `a clip is sent, watched, shown, moved through, and its report kept${skipReason}`,
    async () => {
      const server = await start();
      const page = await open(server.url);
      await choose(page, shared('dev/videos/several-people-cuts.mp4'));
      await page.getByRole('progressbar', { name: /several-people/ }).waitFor();
      await page.getByText(/Looking at faces: frame \d+ of 32/).waitFor();
      await page.getByRole('link', { name: 'Look at the result of several-people-cuts.mp4' }).click();

      const [clip] = (await server.client.list()).clips;
      const { result } = await server.client.get(clip.id);
      if (!result || result.score === null) throw new Error('the clip should have a score');
      await page.getByRole('heading', { level: 1, name: 'several-people-cuts.mp4' }).waitFor();
      expect(await page.locator('.verdict .word').innerText()).toBe(verdictWords[result.verdict]);
      const names = await page.locator('article.track h3').allInnerTexts();
      expect(names).toHaveLength(result.tracks.length);

      // Its first picture comes 0.85 s after the file's start: results count from the picture.
      const slider = page.getByRole('slider', { name: /Time in the clip/ });
      await slider.focus();
      await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
      const times = result.tracks.flatMap(({ frames }) => frames.map(({ timeSeconds }) => timeSeconds));
      const first = Math.min(...times.filter((time) => time > 0.02));
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction(() => !document.querySelector('video')?.seeking);
      const shown = await page.evaluate(() => document.querySelector('video')!.currentTime);
      expect(shown).toBeGreaterThan(first + 0.84);
      expect(shown).toBeLessThan(first + 0.87);
      const of = result.tracks.flatMap((track) => track.frames.filter((f) => f.timeSeconds === first));
      expect(await slider.getAttribute('aria-valuetext')).toContain(`scores ${score(of[0].score)}`);

      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Report (HTML)' }).click();
      const report = await readFile((await (await download).path()) ?? '', 'utf8');
      expect(report).toContain(verdictWords[result.verdict]);
      expect(report).toContain(result.clip.sha256 ?? 'no hash');
    },
  );

  test('a clip without a face gets no score, and the page says why', async () => {
    const server = await start();
    const page = await open(server.url);
    await choose(page, await makeClip(at('nobody.mp4'), 20));
    await page.getByRole('link', { name: /Look at the result of nobody/ }).click();
    await page.getByRole('heading', { level: 1, name: 'nobody.mp4' }).waitFor();
    expect(await page.locator('.verdict .word').innerText()).toBe('Not assessable');
    expect(await page.locator('.verdict').innerText()).not.toMatch(/\d/);
    expect(await page.locator('.measure').count()).toBe(0);
  });

  test('a broken clip is told with its reason and has no verdict', async () => {
    const server = await start();
    const page = await open(server.url);
    await writeFile(at('broken.mp4'), 'this is no video, whatever its name says');
    await choose(page, at('broken.mp4'));
    await page.locator('.items').getByText('Could not be read').waitFor();
    const [{ error, verdict, score: value }] = (await server.client.list()).clips;
    expect([error?.code, verdict, value]).toEqual(['CLIP_NOT_MEDIA', null, null]);
    expect(await page.locator('.items').innerText()).toContain('not a video or picture');
  });

  test('two tabs: what one sends the other sees, and what one deletes is gone for the other', async () => {
    const server = await start({}, { analysisScript: program('slow') });
    const page = await open(server.url);
    const other = await page.context().newPage();
    await choose(page, await makeClip(at('both.mp4'), 5));
    await until(async () => (await server.client.list()).total === 1, 'the clip is accepted');
    await other.goto(server.url);
    // Found under way or finished just now: in hand, or in the history.
    await other.getByRole('link', { name: 'History' }).click();
    await other.getByRole('link', { name: 'both.mp4' }).waitFor();
    await page.locator('.items').getByText('Could not be read').waitFor();
    await page.getByRole('link', { name: 'both.mp4' }).first().click();
    await page.getByRole('alert').getByText('slow.mjs says so.').waitFor();
    await other.getByRole('button', { name: 'Delete both.mp4' }).click();
    await other.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await other.getByText('No clip has been scanned yet.').waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'No such clip' }).waitFor();
    expect((await server.client.list()).total).toBe(0);
  });

  test('a connection lost in the middle of an upload: it goes on where it was', async () => {
    const server = await start({ upload: { chunkBytes: 2048 } });
    const page = await open(server.url);
    const path = await makeClip(at('long.mp4'), 60, { crf: 0 });
    const bytes = await readFile(path);
    expect(bytes.length).toBeGreaterThan(5 * 2048);
    const offsets: number[] = [];
    let lost = false;
    await page.route('**/api/uploads/*', async (route) => {
      const request = route.request();
      if (lost) return route.abort('internetdisconnected');
      if (request.method() !== 'PATCH') return route.continue();
      offsets.push(Number(request.headers()['upload-offset']));
      // The third piece arrives, but its answer does not.
      if (offsets.length === 3) {
        lost = true;
        await route.fetch();
        return route.abort('internetdisconnected');
      }
      return route.continue();
    });
    await choose(page, path);
    await page.getByText('Connection lost.').waitFor();
    lost = false;
    await page.getByRole('link', { name: /Look at the result of long/ }).waitFor();
    expect(offsets.slice(0, 3)).toEqual([0, 2048, 4096]);
    // Nothing that the server has is sent again.
    expect(offsets[3]).toBe(6144);
    expect(new Set(offsets).size).toBe(offsets.length);
    const [clip] = (await server.client.list()).clips;
    expect(clip.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('a server killed in the middle of a job: the page waits, and shows the result', async () => {
    const data = ['--data', await folder()];
    const first = await startProcess(data);
    const page = await open(first.url);
    await choose(page, await makeClip(at('killed.mp4'), 30));
    const before = new MesoscopeClient({ baseUrl: first.url });
    await until(async () => (await before.list()).clips[0]?.status === 'running', 'the job runs');
    first.kill('SIGKILL');
    await first.ended;
    await page.getByText('Connection lost.').waitFor();
    const second = await startProcess([...data, '--port', new URL(first.url).port]);
    try {
      await page.getByRole('link', { name: /Look at the result of killed/ }).waitFor();
      expect(await page.locator('.items').innerText()).toContain('Not assessable');
      const [clip] = (await new MesoscopeClient({ baseUrl: second.url }).list()).clips;
      expect(clip.attempts).toBe(2);
    } finally {
      second.kill('SIGTERM');
      await second.ended;
    }
  });

  test('by keyboard alone: choose, look, delete', async () => {
    const server = await start();
    const page = await open(server.url);
    const path = await makeClip(at('keys.mp4'), 5);
    const tabTo = async (name: RegExp) => {
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate(() => {
          const element = document.activeElement;
          // Whoever uses keys must see where they are.
          const visible = element !== null && getComputedStyle(element).outlineStyle !== 'none';
          return { name: element?.getAttribute('aria-label') ?? element?.textContent ?? '', visible };
        });
        expect(focused, focused.name).toMatchObject({ visible: true });
        if (name.test(focused.name)) return;
      }
      throw new Error(`Tab does not lead to ${name}`);
    };
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    const chooser = page.waitForEvent('filechooser');
    await tabTo(/^Choose files$/);
    await page.keyboard.press('Enter');
    await (await chooser).setFiles(path);
    await page.getByRole('link', { name: /Look at the result/ }).waitFor();
    await tabTo(/^Look at the result of keys/);
    await page.keyboard.press('Enter');
    const heading = page.getByRole('heading', { level: 1, name: 'keys.mp4' });
    await heading.waitFor();
    // The new page is announced by its heading.
    expect(await heading.evaluate((element) => element === document.activeElement)).toBe(true);
    await tabTo(/^Delete keys/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(/^Delete$/);
    await page.keyboard.press('Enter');
    await page.getByText('No clip has been scanned yet.').waitFor();
    expect((await server.client.list()).total).toBe(0);
  });
});
