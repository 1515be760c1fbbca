/** Numbers and times in words for people. */

/** Keeps a number and its unit on one line. */
const nbsp = '\u00a0';

/** `0:07`, `12:05`, `1:02:03`; with `digits`, `0:07.5`. */
export function clock(seconds: number, digits = 0): string {
  const scale = 10 ** digits;
  const total = Math.round(seconds * scale);
  const whole = Math.floor(total / scale);
  const fraction = digits === 0 ? '' : `.${String(total % scale).padStart(digits, '0')}`;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(s).padStart(2, '0')}${fraction}`;
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${tail}` : `${m}:${tail}`;
}

/**
 * `0.87`. Rounding never reaches certainty: 0.996 is `>0.99`, 0.004 is `<0.01`, for a network that saturates
 * has not made anything certain.
 */
export function score(value: number): string {
  if (value > 0.99) return '>0.99';
  if (value < 0.01) return '<0.01';
  return value.toFixed(2);
}

/** `87 %`, and never 0 % or 100 %, for the same reason. */
export function percent(value: number): string {
  if (value > 0.99) return `>99${nbsp}%`;
  if (value < 0.01) return `<1${nbsp}%`;
  return `${Math.round(value * 100)}${nbsp}%`;
}

/** `0.74–0.94`, `74–94 %`. */
export function range([low, high]: readonly [number, number], format = score): string {
  const [a, b] = [format(low), format(high)];
  return a === b ? a : `${b.endsWith('%') ? a.replace(`${nbsp}%`, '') : a}–${b}`;
}

/** `1.4 MB` (powers of ten). */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [count, 0];
  // 999,950 would print as "1000.0 kB".
  while (value >= 999.95 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return unit === 0 ? `${count} ${count === 1 ? 'byte' : 'bytes'}` : `${value.toFixed(1)} ${units[unit]}`;
}

/** `1 face`, `3 faces`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** A sentence's first letter in upper case and a full stop at its end. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const start = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/** Last part of a path, of either kind of slash. */
export function baseName(path: string): string {
  return path.split(/[/\\]/).filter(Boolean).at(-1) ?? path;
}
