/** The shell of every page: no script, no request, one style sheet that the policy names by its hash. */
import { createHash } from 'node:crypto';
import { type Html, html, trusted } from './html.ts';
import { css } from './style.ts';

const styleHash = createHash('sha256').update(css).digest('base64');

/** What the browser may do with a report: show its pictures and its style sheet, nothing else. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  'img-src data:',
  `style-src 'sha256-${styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export function page(title: string, body: Html): string {
  // The markers let a reader's tools tell reports from other pages, and search engines leave them alone.
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="generator" content="Mesoscope">
<title>${title}</title>
<style>${trusted(css)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.toString();
}
