import { writeFileSync } from 'node:fs';
import { openBrowser, openSite } from './page.ts';

const clip = process.argv[2];
const threads = Number(process.argv[3] ?? 2);
const site = await openSite();
const browser = await openBrowser();
const ctx = await browser.newContext();
await ctx.addInitScript({ content: 'window.__name=(f)=>f' });
const page = await ctx.newPage();
page.on('console', (m) => console.log('[page]', m.text()));
await page.goto(site.url);
await page.setInputFiles('input', clip);
const cdp = await ctx.newCDPSession(page);
let sid: string | undefined;
const sess: any = cdp;
cdp.on('Target.attachedToTarget', (e: any) => {
  console.log('attached', e.targetInfo.type, e.targetInfo.url);
  if (!sid && e.targetInfo.type === 'worker') sid = e.sessionId;
});
await cdp.send('Target.setAutoAttach', {
  autoAttach: true,
  waitForDebuggerOnStart: false,
  flatten: false,
} as any);
let id = 0;
const waits = new Map<number, (v: any) => void>();
cdp.on('Target.receivedMessageFromTarget', (e: any) => {
  const m = JSON.parse(e.message);
  waits.get(m.id)?.(m.result);
});
const send = (method: string, params = {}) =>
  new Promise<any>((res) => {
    const n = ++id;
    waits.set(n, res);
    cdp.send('Target.sendMessageToTarget', {
      sessionId: sid,
      message: JSON.stringify({ id: n, method, params }),
    } as any);
  });
const phase = process.argv[4] ?? 'scan';
async function prof(run: () => Promise<any>, name: string) {
  await send('Profiler.enable');
  await send('Profiler.setSamplingInterval', { interval: 500 });
  await send('Profiler.start');
  const r = await run();
  const { profile } = await send('Profiler.stop');
  const self = new Map<string, number>();
  const byId = new Map(profile.nodes.map((n: any) => [n.id, n]));
  profile.samples.forEach((s: number, i: number) => {
    const n: any = byId.get(s);
    const k = `${n.callFrame.functionName || '(anon)'} ${n.callFrame.url.split('/').pop()}:${n.callFrame.lineNumber}`;
    self.set(k, (self.get(k) ?? 0) + profile.timeDeltas[i] / 1000);
  });
  console.log(name, JSON.stringify(r));
  for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 22))
    console.log(v.toFixed(0).padStart(7), k);
}
if (phase === 'load') {
  const p = page.evaluate((threads) => window.local.prepareLocal({ threads }).then((e) => e), threads);
  while (!sid) await new Promise((r) => setTimeout(r, 10));
  await prof(() => p, 'load');
} else {
  await page.evaluate((threads) => window.local.prepareLocal({ threads }), threads);
  await prof(
    () =>
      page.evaluate(async () => {
        const t = performance.now();
        const { result } = await window.local.analyseLocally(window.chosen(), { name: 'x' });
        return [performance.now() - t, result.timing];
      }),
    'scan',
  );
}
await browser.close();
await site.close();
