import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/media-fixtures.ts';
import { encodeJpeg } from '../../media/image.ts';
import { readExclusions } from '../exclusions.ts';
import { page, type SheetContent } from './page.ts';

const file = temporaryFolder();
const browser = process.env.MESOSCOPE_CHROMIUM ?? '/usr/bin/chromium';

async function content(): Promise<SheetContent> {
  const picture = (await encodeJpeg({ width: 8, height: 8, data: new Uint8Array(192).fill(99) })).toString(
    'base64',
  );
  const row = (id: string) => ({
    title: id,
    ids: [`${id}/real`, `${id}/<b>fake</b>`],
    cells: [
      { caption: 'real', picture },
      { caption: 'fake', picture: undefined, problem: 'cut off "here"' },
    ],
  });
  return {
    title: '<script>alert(1)</script>',
    rows: [row('one'), row("two'"), row('three')],
    classes: [2, 2],
    methods: [{ reason: 'm', count: 4 }],
    droppedByReason: [{ reason: 'no face found', count: 3 }],
    dropped: [{ id: 'x, frame 3', reason: 'no face found' }],
  };
}

test('names from outside are text', async () => {
  const html = page(await content());
  expect(html).not.toContain('<script>alert');
  expect(html).not.toContain('<b>fake');
  expect(html).toContain('no face found');
});

test.skipIf(!existsSync(browser))(
  'marks are saved as a list that is read again (skipped without Chromium)',
  async () => {
    const path = file('sheet.html');
    writeFileSync(path, page(await content()));
    const running = await chromium.launch({ executablePath: browser, args: ['--no-sandbox'] });
    try {
      const tab = await running.newPage();
      const problems: string[] = [];
      tab.on('pageerror', (error) => problems.push(String(error)));
      await tab.goto(`file://${path}`);
      expect(await tab.locator('#save').isDisabled()).toBe(true);
      await tab.locator('.row').nth(0).getByLabel('wrong face').check();
      await tab.locator('.row').nth(1).getByLabel('wrong face').check();
      // One reason a row: the later replaces the earlier.
      await tab.locator('.row').nth(1).getByLabel('bad alignment').check();
      expect(await tab.locator('#said').textContent()).toBe('4 pictures are marked.');
      const [download] = await Promise.all([tab.waitForEvent('download'), tab.locator('#save').click()]);
      expect(download.suggestedFilename()).toBe('exclude.json');
      const saved = file('exclude.json');
      await download.saveAs(saved);
      expect(readFileSync(saved, 'utf8')).toContain('mesoscope.exclusions/1');
      expect([...(await readExclusions(saved))]).toEqual([
        ['one/real', 'wrong face'],
        ['one/<b>fake</b>', 'wrong face'],
        ["two'/real", 'bad alignment'],
        ["two'/<b>fake</b>", 'bad alignment'],
      ]);
      expect(problems).toEqual([]);
    } finally {
      await running.close();
    }
  },
);
