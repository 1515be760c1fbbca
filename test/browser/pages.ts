/** The built pages in a real browser: a browser a test file, pages that fail the test where they complain. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { haveChromium, openBrowser } from './page.ts';

export { browserReason, haveChromium } from './page.ts';

const built = fileURLToPath(new URL('../../dist/web/index.html', import.meta.url));

/** What a page may say without being wrong: a request that the test itself broke. */
const harmless = /net::ERR_|Failed to load resource/;

export function testPages(): {
  open: (url: string, options?: BrowserContextOptions) => Promise<Page>;
} {
  let browser: Browser;
  const complaints: string[] = [];
  beforeAll(async () => {
    if (!haveChromium) return;
    if (!existsSync(built)) throw new Error('The pages are not built: run `npm run build` first.');
    browser = await openBrowser();
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(() => browser?.close());
  return {
    open: async (url, options = {}) => {
      const context = await browser.newContext({ viewport: { width: 1180, height: 900 }, ...options });
      const page = await context.newPage();
      // Generous where other work shares the cores.
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && !harmless.test(message.text())) complaints.push(message.text());
      });
      await page.goto(url);
      return page;
    },
  };
}

/** Puts files into the drop area, as the dialogue does. */
export async function choose(page: Page, ...paths: string[]): Promise<void> {
  await page.getByLabel('Videos or pictures to scan').setInputFiles(paths);
}
