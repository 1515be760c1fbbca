/** The page of the work: who does it, what waits, and how each task stands. */
import { describe, expect, test } from 'vitest';
import { testServers, until } from '../server.ts';
import { insertTasks } from './made-up-work.ts';
import { browserReason, haveChromium, testPages } from './pages.ts';

const { open } = testPages();
const { start } = testServers();

describe.skipIf(!haveChromium)(`the page of the work${browserReason}`, () => {
  test('tells how each task stands, and one can be cancelled', async () => {
    const { url, services, client } = await start();
    const { database } = services;
    const ids = await insertTasks(database);
    const page = await open(`${url}/work`);
    const row = (name: string) => page.locator('.tasks tbody tr').filter({ hasText: name });
    await row('long-0002').waitFor();
    expect(await row('long-0002').innerText()).toMatch(/being done\s+30 of 300/);
    expect(await row('long-0003').innerText()).toMatch(/waiting\s+kept up to step 120/);
    expect(await row('real/a.mp4').innerText()).toContain('It was ended after 60 s. Raise the limit.');
    expect(await row('b.mp4').innerText()).toContain('<b>real</b>');
    expect(await page.locator('.work-counts tbody tr').nth(2).innerText()).toMatch(
      /Runs of sweeps\s+1\s+1\s+0\s+0/,
    );
    expect(await page.locator('.processes').innerText()).toMatch(/0 of 1 slot taken, takes clips/);
    expect(await page.locator('.note').innerText()).toContain('mesoscope worker --kinds train');
    expect(await row('real/a.mp4').getByRole('button').count()).toBe(0);

    await row('long-0003').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await until(
      async () => (await row('long-0003').innerText()).includes('was cancelled'),
      'it is cancelled',
    );
    const states = await database.query(
      'select status, checkpoint, error from mesoscope.task where id = $1',
      [ids['The run long-0003']],
    );
    expect(states).toMatchObject([{ status: 'failed', checkpoint: null, error: { code: 'TASK_CANCELLED' } }]);

    await page.getByLabel('Show').selectOption('running');
    await until(async () => (await page.locator('.tasks tbody tr').count()) === 1, 'one is left');
    expect(page.url()).toContain('status=running');
    await client.cancelTask(ids['The part of real/a.mp4']);
    const { tasks, next } = await client.work({ status: 'failed', limit: 1 });
    expect(tasks).toMatchObject([{ name: 'The part of real/a.mp4', error: { code: 'TASK_TIME' } }]);
    expect((await client.work({ status: 'failed', before: next as string })).tasks).toMatchObject([
      { error: { code: 'TASK_CANCELLED' } },
    ]);
    await expect(client.cancelTask('00000000-0000-4000-8000-0000000000ff')).rejects.toMatchObject({
      ...{ code: 'TASK_UNKNOWN', status: 404 },
    });
  });
});
