/** Every page for everyone: axe finds nothing in light and in dark, and a phone's width needs no sideways scrolling. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { defaultDetector } from '../../src/detect/default-detector.ts';
import { temporaryFolder } from '../media-fixtures.ts';
import { testServers } from '../server.ts';
import { answerWith, type MadeUpClip, madeUpClip } from './made-up-clip.ts';
import { writeRuns } from './made-up-runs.ts';
import { insertTasks } from './made-up-work.ts';
import { browserReason, haveChromium, testPages } from './pages.ts';

const { open } = testPages();
const { start, folder } = testServers();
const at = temporaryFolder();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let clips: MadeUpClip[];

beforeAll(async () => {
  if (!haveChromium) return;
  const second = '00000000-0000-4000-8000-00000000000b';
  clips = [await madeUpClip(at('a.mp4')), await madeUpClip(at('b.mp4'), { id: second, sample: 'unsure' })];
});

/** Address and what must be there before it is looked at. */
const pages: readonly (readonly [name: string, path: () => string, ready: string])[] = [
  ['scan', () => '/', '.drop'],
  ['result', () => `/clips/${clips[0].clip.id}`, '.lanes canvas'],
  ['no such clip', () => '/clips/00000000-0000-4000-8000-0000000000ff', '.note'],
  ['history', () => '/clips', '.history tbody tr'],
  ['compare', () => `/compare?a=${clips[0].clip.id}&b=${clips[1].clip.id}`, '.differences'],
  ['detectors', () => '/detectors', '.cards li'],
  ['detector', () => `/detectors/${defaultDetector}`, '.card-text'],
  ['runs', () => '/runs', '#table tbody tr'],
  ['work', () => '/work', '.tasks tbody tr'],
  ['no such page', () => '/nowhere', 'h1'],
];

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}

describe.skipIf(!haveChromium)(`every page${browserReason}`, () => {
  test('has no violation that axe finds, in light and in dark, and fits a phone', async () => {
    const runs = await folder();
    await writeRuns(runs);
    const server = await start({ runs });
    const page = await open(server.url);
    await answerWith(page, clips);
    await insertTasks(server.services.database);
    const found: Record<string, string[]> = {};
    for (const [name, path, ready] of pages) {
      await page.setViewportSize({ width: 1180, height: 900 });
      await page.goto(`${server.url}${path()}`);
      await page.locator(ready).first().waitFor();
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
      });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const wrong = await violations(page);
        if (wrong.length > 0) found[`${name}, ${colorScheme}`] = wrong;
      }
      await page.setViewportSize({ width: 360, height: 740 });
      await page.waitForTimeout(200);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found[`${name}, phone`] = [`${wide} pixels too wide`];
      const wrong = await violations(page);
      if (wrong.length > 0) found[`${name}, phone`] = wrong;
    }
    expect(found).toEqual({});
  });

  test('the switch of the palette wins over the system, and is kept', async () => {
    const server = await start();
    const page = await open(server.url, { colorScheme: 'light' });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.getByLabel('Colours').selectOption('dark');
    const dark = await paper();
    expect(dark).not.toBe(light);
    expect(await violations(page)).toEqual([]);
    await page.reload();
    await page.locator('.drop').waitFor();
    expect(await paper()).toBe(dark);
  });

  test('a server with a token asks for it, and a wrong one is told', async () => {
    const token = 'a-token-that-nobody-guesses-0123';
    const server = await start({ token });
    const page = await open(server.url);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Token').fill('not-the-token-at-all-123456');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.drop').waitFor();
  });
});
