import { openBrowser, openSite } from './page.ts';

const clip = process.argv[2];
const threads = process.argv[3] ? Number(process.argv[3]) : undefined;
console.time('build');
const site = await openSite();
console.timeEnd('build');
const browser = await openBrowser((process.argv[4] ?? '').split(' ').filter(Boolean));
const ctx = await browser.newContext();
await ctx.addInitScript({ content: 'window.__name=(f)=>f' });
const page = await ctx.newPage();
page.on('console', (m) => console.log('[page]', m.text()));
page.on('pageerror', (e) => console.log('[err]', e.message));
ctx.on('weberror', (e) => console.log('[weberr]', e.error().message));
await page.goto(site.url);
const input = await page.evaluateHandle(() => {
  const i = document.createElement('input');
  i.type = 'file';
  document.body.append(i);
  return i;
});
await input.asElement()!.setInputFiles(clip);
try {
  const r = await page.evaluate(
    async ([input, threads]) => {
      const file = (input as HTMLInputElement).files![0];
      const t0 = performance.now();
      const seen: any[] = [];
      const engine = await window.local.prepareLocal({
        threads: threads as any,
        onProgress: (p) => {
          seen.push(p.stage);
        },
      });
      const t1 = performance.now();
      const a = await window.local.analyseLocally(file, {
        name: file.name,
        onProgress: (p) => {
          if (p.stage !== 'load') seen.push(`${p.stage} ${p.done}/${p.total}`);
        },
      });
      const t2 = performance.now();
      const b = await window.local.analyseLocally(file, { name: file.name });
      return {
        engine,
        load: t1 - t0,
        first: t2 - t1,
        second: performance.now() - t2,
        a: { ...a, evidence: a.evidence.map((e) => ({ ...e, crop: e.crop.size, map: e.map?.size })) },
        seen: seen.slice(-5),
        timing: b.result.timing,
      };
    },
    [input, threads] as const,
  );
  const { a, ...rest } = r;
  console.log(JSON.stringify(rest));
  const { result } = a;
  console.log(
    result.status,
    result.score,
    result.interval,
    result.verdict,
    JSON.stringify(result.error),
    JSON.stringify(result.clip),
    result.framesAnalysed,
    JSON.stringify(result.dropped),
    JSON.stringify(result.timing),
  );
  for (const t of result.tracks) console.log(t.id, t.faces, t.score, t.facePixels);
  console.log(a.evidence.length, JSON.stringify(a.evidence[0]));
} catch (e) {
  console.log('FAILED', (e as Error).message);
}
console.log(site.requests.join(' '));
await browser.close();
await site.close();
