/** File names as strangers send them, made fit to be shown. They never become paths. */

/** The last part of the name, without control characters, at most 255 characters; `clip` where nothing is left. */
export function displayName(sent: string): string {
  const last = sent.split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .replace(/[\p{Cc}\p{Surrogate}\u202a-\u202e\u2066-\u2069]+/gu, '')
    .trim()
    .slice(0, 255);
  return clean === '' || /^\.+$/.test(clean) ? 'clip' : clean;
}
