/** A result of several people with cuts and maps, in a real player: what is drawn where and when. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { score } from '../../src/report/format.ts';
import { temporaryFolder } from '../media-fixtures.ts';
import { testServers } from '../server.ts';
import { answerWith, type MadeUpClip, madeUpClip, videoStart } from './made-up-clip.ts';
import { browserReason, haveChromium, testPages } from './pages.ts';

const { open } = testPages();
const { start } = testServers();
const at = temporaryFolder();
let made: MadeUpClip;

beforeAll(async () => {
  if (haveChromium) made = await madeUpClip(at('drawn.mp4'));
});

async function openResult(): Promise<Page> {
  const server = await start();
  const page = await open(`${server.url}/detectors`);
  await answerWith(page, [made]);
  await page.goto(`${server.url}/clips/${made.clip.id}`);
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
  await page.locator('.lanes canvas').first().waitFor();
  return page;
}

/** How far from transparent the overlay is inside a rectangle of the frame, 0 to 255. */
function overlayIn(page: Page, box: { x: number; y: number; width: number; height: number }) {
  return page.evaluate(({ x, y, width, height }) => {
    const canvas = document.querySelector<HTMLCanvasElement>('.stage canvas')!;
    const scale = canvas.width / 1280;
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const { data } = canvas.getContext('2d')!.getImageData(x * scale, y * scale, w, h);
    let most = 0;
    for (let i = 3; i < data.length; i += 4) most = Math.max(most, data[i]);
    return most;
  }, box);
}

const settled = (page: Page) => page.waitForFunction(() => !document.querySelector('video')?.seeking);
const slider = (page: Page) => page.getByRole('slider', { name: /Time in the clip/ });
const now = async (page: Page) => Number(await slider(page).getAttribute('aria-valuenow'));
const seen = (page: Page) => page.evaluate(() => document.querySelector('video')!.currentTime);
/** The page draws and tells after the video has shown: on a busy machine a moment later. */
const soon = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 10_000 });

describe.skipIf(!haveChromium)(`the result page${browserReason}`, () => {
  test('the player, its boxes and the timeline stay together; keys go to looks and cuts', async () => {
    const page = await openResult();
    const result = made.clip.result!;
    const [first] = result.tracks;
    await slider(page).focus();
    await page.keyboard.press('ArrowDown');
    await settled(page);
    await soon(() => now(page)).toBeCloseTo(result.cuts[0], 0);
    // The video's first picture comes late in its file; the result counts from the picture.
    expect(await seen(page)).toBeCloseTo(result.cuts[0] + videoStart, 1);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await settled(page);
    const [look] = first.frames.filter((frame) => frame.timeSeconds > 0.1);
    expect(await seen(page)).toBeCloseTo(look.timeSeconds + videoStart, 1);
    await soon(() => slider(page).getAttribute('aria-valuetext')).toContain(`scores ${score(look.score)}`);
    const edge = { x: look.box.x, y: look.box.y + 40, width: 3, height: 60 };
    await soon(() => overlayIn(page, edge)).toBeGreaterThan(200);
    await page.getByRole('checkbox', { name: 'Boxes' }).uncheck();
    await soon(() => overlayIn(page, edge)).toBeLessThan(120);
  });

  test('a click on the timeline and on a face goes there; the map lies over the face', async () => {
    const page = await openResult();
    const { width } = (await slider(page).boundingBox())!;
    await slider(page).click({ position: { x: width * 0.6, y: 40 } });
    await settled(page);
    await soon(() => now(page)).toBeGreaterThan(15);
    expect(await now(page)).toBeLessThan(30);
    const face = made.clip.evidence.find(({ map, end }) => map !== null && end === 'most')!;
    await page
      .getByRole('button', { name: new RegExp(`^Go to .*score ${score(face.score)}`) })
      .first()
      .click();
    await settled(page);
    expect(await seen(page)).toBeCloseTo(face.timeSeconds + videoStart, 1);
    await page.getByRole('checkbox', { name: 'Boxes' }).uncheck();
    const { region } = face;
    const middle = { x: region.centreX - 20, y: region.centreY - 20, width: 40, height: 40 };
    await soon(() => overlayIn(page, middle)).toBeGreaterThan(40);
    expect(await overlayIn(page, { x: 1100, y: 20, width: 100, height: 60 })).toBe(0);
    await page.getByRole('checkbox', { name: 'Map' }).uncheck();
    await soon(() => overlayIn(page, middle)).toBe(0);
  });

  test('every person has a verdict, the error rate on such faces, and its ends of the evidence', async () => {
    const page = await openResult();
    const { result, contract } = made.clip;
    const articles = page.locator('article.track');
    expect(await articles.count()).toBe(result!.tracks.length);
    const texts = await articles.allInnerTexts();
    for (const text of texts.filter((words) => !words.includes('Not assessable'))) {
      expect(text).toMatch(/of unmanipulated tracks were called “manipulation likely”/);
    }
    expect(texts.join()).not.toMatch(/\b(real|genuine|authentic)\b/i);
    expect(await page.getByText('Their absence proves nothing').count()).toBe(1);
    expect(await page.getByText(result!.clip.sha256!).count()).toBe(1);
    await page.getByRole('heading', { name: 'How this was computed' }).click();
    await page.getByText(contract!.thresholds.basis, { exact: false }).first().waitFor();
  });

  test('nothing jumps while it loads', async () => {
    const server = await start();
    const page = await open(`${server.url}/detectors`);
    await answerWith(page, [made]);
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(`${server.url}/clips/${made.clip.id}`);
    await page.locator('.lanes canvas').first().waitFor();
    await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
    await page.waitForTimeout(500);
    const total = await page.evaluate(() =>
      (globalThis as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0),
    );
    // Below 0.1 is what the web calls good; ours reserves all room.
    expect(total).toBeLessThan(0.02);
  });
});
