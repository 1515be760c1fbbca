/** A clip report under another name: the same bytes were analysed, and another sender calls them otherwise. */
import { baseName } from './format.ts';
import { html } from './html.ts';

/** What a report says of its clip's name. */
export interface Named {
  /** As in `result.clip.path`. */
  path: string;
  replay: string;
}

/** The page as {@link clipReport} would have made it for `to`. */
export function renameReport(page: string, from: Named, to: Named): string {
  const places: [before: string, after: string][] = [
    [`: ${text(baseName(from.path))}</title>`, `: ${text(baseName(to.path))}</title>`],
    [
      `<h1 class="file"><bdi>${text(baseName(from.path))}</bdi></h1>`,
      `<h1 class="file"><bdi>${text(baseName(to.path))}</bdi></h1>`,
    ],
    [fileRow(from.path), fileRow(to.path)],
    [`<pre>${text(from.replay)}</pre>`, `<pre>${text(to.replay)}</pre>`],
  ];
  // By function: a name may hold `$&`.
  return places.reduce((all, [before, after]) => all.replace(before, () => after), page);
}

const fileRow = (path: string) => `<dt>File</dt><dd><bdi>${text(path)}</bdi></dd>`;

const text = (value: string): string => `${html`${value}`}`;
