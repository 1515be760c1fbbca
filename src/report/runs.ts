/** The runs explorer: one interactive page that works from a file. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { ListedRun } from '../experiments/runs.ts';
import { explorerCss, explorerData } from './explorer.ts';
import { plural } from './format.ts';
import { html, trusted } from './html.ts';
import { css } from './style.ts';

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The page over runs: parallel coordinates (drawn values left, metrics right, to be brushed), learning curves with the
 * loss of guessing, a table to sort and filter, and a run's recipe or its difference to another's.
 */
export async function runsPage(runs: readonly ListedRun[], title: string, createdAt: Date): Promise<string> {
  const data = explorerData(runs);
  // In a script element, only `<` can end it.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const scripts = [
    { type: 'text/javascript', text: await engine() },
    {
      type: 'module',
      text: `${await client()}\nexploreRuns(echarts, ${json}, matchMedia('(prefers-color-scheme: dark)').matches);`,
    },
  ];
  const styles = [css, explorerCss, 'main{max-width:1280px}'];
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `script-src ${scripts.map(({ text }) => hashOf(text)).join(' ')}`,
    // ECharts styles its own elements; no style comes from a run.
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const trained = runs.filter(({ best }) => best !== null).length;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="generator" content="Mesoscope">
<title>${title}</title>
${styles.map((style) => html`<style>${trusted(style)}</style>`)}
</head>
<body><main>
<div class="top"><span><b>Mesoscope</b> runs</span><span>${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</span></div>
<h1>${title}</h1>
<p class="facts"><span>${plural(runs.length, 'run')}</span><span>${trained} with figures</span></p>
<section><h2>What was tried, and what came of it</h2><p class="lede">Each line is a run: drawn values left, figures right; blue is better. Drag along an axis to keep only the runs within.</p><div id="parallel"></div></section>
<section><h2>Learning curves</h2><p class="lede">Of the runs that are kept, at most 40, or of those chosen in the table.</p><div id="curves"></div></section>
<section><h2>Runs</h2><p class="lede">Click a line for its recipe, another with Shift for the difference. <input id="filter" type="search" placeholder="Filter" aria-label="Filter runs"> <span id="count"></span></p><div class="scroll"><table id="table"></table></div></section>
<section><h2>Recipe</h2><div id="detail"><p class="muted">None chosen.</p></div></section>
</main>
${scripts.map(({ type, text }) => html`<script type="${type}">${trusted(text)}</script>`)}
</body></html>
`.toString();
}

async function engine(): Promise<string> {
  const path = createRequire(import.meta.url).resolve('echarts/dist/echarts.min.js');
  return (await readFile(path, 'utf8')).replaceAll('</script', '<\\/script');
}

/** Beside this file in the sources; among the build's assets in a package. */
async function client(): Promise<string> {
  const path = import.meta.url.endsWith('.ts')
    ? './explorer-client.js'
    : '../../dist/assets/explorer-client.js';
  return readFile(new URL(path, import.meta.url), 'utf8');
}
