/** The API for people: the OpenAPI document as one page, without scripts and without anything from elsewhere. */
import { type Html, html } from '../report/html.ts';
import type { Route } from './route.ts';

/** Where the page's styles come from: a file of its own, since no inline style is allowed. */
export const docsStylePath = '/api/docs.css';

export const docsStyle = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1rem}code{font:14px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
h2{margin-top:2.5rem}article{border-top:1px solid color-mix(in srgb,currentColor 25%,transparent);padding:.6rem 0}
h3{font-size:1rem;margin:.2rem 0}.method{display:inline-block;min-width:4.5rem;font-weight:700}dl{margin:.4rem 0;
display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.1rem 1rem}dt{font-weight:600}dd{margin:0}
summary{cursor:pointer}pre{overflow:auto;font-size:13px}`;

export function docsPage(routes: readonly Route[], document: Record<string, unknown>): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))];
  const schemas = (document.components as { schemas?: Record<string, unknown> } | undefined)?.schemas ?? {};
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mesoscope API</title><link rel="stylesheet" href="${docsStylePath}"></head><body>
<h1>Mesoscope API</h1>
<p>Machines read <a href="/api/openapi.json">openapi.json</a> (OpenAPI 3.1). Every error is
<code>application/problem+json</code> with a stable <code>code</code>, the fact as <code>title</code>, and the
<code>next</code> step. Where the server has a token, send <code>Authorization: Bearer TOKEN</code>.</p>
${tags.map((tag) => html`<h2>${tag}</h2>${routes.filter((each) => each.tag === tag).map(entry)}`)}
<h2>Documents</h2>
${Object.entries(schemas).map(
  ([name, schema]) =>
    html`<details><summary><code>${name}</code></summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`,
)}
</body></html>
`.toString();
}

function entry({ method, path, summary, answers, headers, body, open }: Route): Html {
  const shown = path.replace(/\{(?:[^{}]|\{[^}]*\})*\}/g, '');
  return html`<article><h3><span class="method">${method.toUpperCase()}</span> <code>${shown}</code></h3>
<p>${summary}.${open && ' No token needed.'}</p>
<dl>${body && html`<dt>Body</dt><dd>${body}</dd>`}${Object.entries(headers ?? {}).map(
    ([name, words]) => html`<dt>${name}</dt><dd>${words}</dd>`,
  )}${Object.entries(answers).map(
    ([status, { description }]) => html`<dt>${status}</dt><dd>${description}</dd>`,
  )}</dl></article>`;
}
