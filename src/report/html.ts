/**
 * A tagged template that escapes whatever is put into it. File names, paths and metadata come from strangers: text
 * reaches a page only through here.
 */

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Control characters are not allowed in HTML, and direction marks make "gpj.exe" read "exe.jpg": both are shown by
// their code point, so that a reader sees them. Joiners stay: emoji and Persian need them.
const invisible = /(?![\t\n\r])\p{Cc}|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Text with invisible characters replaced by `⟨U+202E⟩` and the like, and broken surrogates by U+FFFD. */
export function visible(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(invisible, (char) => `⟨U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** Safe in element content and in quoted attribute values, of HTML and of SVG. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (char) => entities[char]);
}

/** Markup that is known to be safe: made by {@link html}, or vouched for with {@link trusted}. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

export type HtmlValue = string | number | Html | null | undefined | false | readonly HtmlValue[];

/** Vouches for markup made in code. Never for anything that came from a file. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

/** Strings are escaped, numbers and {@link Html} are put in, lists are joined, null, undefined and false vanish. */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  let markup = strings[0];
  for (const [i, value] of values.entries()) markup += render(value) + strings[i + 1];
  return new Html(markup);
}

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(value);
  return value.map(render).join('');
}
