/** Small drawings: the verdicts' shapes, the gauge, the score bars. Colours come from the style sheet. */
import type { Contract } from '../detect/contract.ts';
import { score } from './format.ts';
import { type Html, html, trusted } from './html.ts';
import type { Outcome } from './wording.ts';

type Tone = 'likely' | 'unsure' | 'clear' | 'none';

/** Class name of an outcome's colour. */
export const toneOf: Record<Outcome, Tone> = {
  manipulation_likely: 'likely',
  inconclusive: 'unsure',
  no_manipulation_found: 'clear',
  not_assessable: 'none',
  error: 'none',
};

/** Side of the thresholds that a score lies on. */
export function toneOfScore(value: number, { likely, notFound }: Contract['thresholds']): Tone {
  return value >= likely ? 'likely' : value <= notFound ? 'clear' : 'unsure';
}

const shapes: Record<Outcome, string> = {
  manipulation_likely: '<path d="M10 1 19.5 19H.5z"/>',
  inconclusive: '<path d="M10 0 20 10 10 20 0 10z"/>',
  no_manipulation_found: '<circle cx="10" cy="10" r="9"/>',
  not_assessable:
    '<path d="M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 3.4a5.6 5.6 0 1 1 0 11.2 5.6 5.6 0 0 1 0-11.2z"/>',
  error: '<path d="M3 .5 10 7.5 17 .5 19.5 3 12.5 10 19.5 17 17 19.5 10 12.5 3 19.5 .5 17 7.5 10 .5 3z"/>',
};

/** The outcome's shape, in the colour of the text around it. */
export function mark(outcome: Outcome): Html {
  return html`<svg class="mark" viewBox="0 0 20 20" aria-hidden="true">${trusted(shapes[outcome])}</svg>`;
}

const at = (value: number, width: number, left: number) => Number((left + value * width).toFixed(1));

/** A scale from 0 to 1 with the thresholds' zones, the interval as a bracket and the score as a diamond. */
export function gauge(
  value: number,
  interval: readonly [number, number] | null,
  thresholds: Contract['thresholds'],
): Html {
  const [width, left, y] = [400, 10, 30];
  const x = (v: number) => at(v, width, left);
  const { likely, notFound } = thresholds;
  const spoken = `Score ${score(value)} on a scale from 0 to 1${interval ? `, 95 % interval ${score(interval[0])} to ${score(interval[1])}` : ''}; manipulation likely from ${score(likely)}, no manipulation found up to ${score(notFound)}.`;
  // Near thresholds would print one number over the other: the lower moves left of its line, the upper right.
  const close = likely - notFound < 0.12;
  const bracket =
    interval &&
    html`<path d="M${x(interval[0])} ${y - 13}v8M${x(interval[1])} ${y - 13}v8M${x(interval[0])} ${y - 9}H${x(interval[1])}" fill="none" stroke="var(--ink)" stroke-width="2"/>`;
  return html`<svg class="gauge" viewBox="0 0 420 88" role="img" aria-label="${spoken}">
<rect x="${left}" y="${y}" width="${at(notFound, width, 0)}" height="12" fill="var(--clear)"/>
<rect x="${x(notFound)}" y="${y}" width="${at(likely - notFound, width, 0)}" height="12" fill="var(--unsure)" opacity=".55"/>
<rect x="${x(likely)}" y="${y}" width="${at(1 - likely, width, 0)}" height="12" fill="var(--likely)"/>
<path d="M${x(notFound)} ${y - 1}v20M${x(likely)} ${y - 1}v20" stroke="var(--ink)" stroke-width="1.5"/>
${bracket}
<path d="M${x(value)} ${y - 4}l7.5 10-7.5 10-7.5-10z" fill="var(--ink)" stroke="var(--paper)" stroke-width="2"/>
<text x="${left}" y="${y + 33}">0</text><text x="${left + width}" y="${y + 33}" text-anchor="end">1</text>
<text x="${x(notFound)}" y="${y + 33}" text-anchor="${close ? 'end' : 'middle'}">${score(notFound)}</text>
<text x="${x(likely)}" y="${y + 33}" text-anchor="${close ? 'start' : 'middle'}">${score(likely)}</text>
${zone('not found', x(notFound / 2), notFound, y)}${zone('inconclusive', x((notFound + likely) / 2), likely - notFound, y)}${zone('likely', x((1 + likely) / 2), 1 - likely, y)}
</svg>`;
}

/** A zone's name under it, where the zone is wide enough to hold it. */
function zone(name: string, x: number, share: number, y: number): Html | false {
  return (
    share * 400 > name.length * 6 && html`<text x="${x}" y="${y + 51}" text-anchor="middle">${name}</text>`
  );
}

/** The same in small, for tables: threshold ticks, interval and score on one line. */
export function scoreBar(
  value: number,
  interval: readonly [number, number] | null,
  thresholds: Contract['thresholds'],
): Html {
  const [width, left] = [140, 5];
  const x = (v: number) => at(v, width, left);
  const tone = toneOfScore(value, thresholds);
  return html`<svg class="bar" viewBox="0 0 150 14" aria-hidden="true"><path d="M${left} 7h${width}" stroke="var(--rule)" stroke-width="2"/><path d="M${x(thresholds.notFound)} 3v8M${x(thresholds.likely)} 3v8" stroke="var(--muted)" stroke-width="1"/>${
    interval &&
    html`<path d="M${x(interval[0])} 7H${x(interval[1])}" stroke="var(--${tone})" stroke-width="6" opacity=".4"/>`
  }<circle cx="${x(value)}" cy="7" r="4.5" fill="var(--${tone})"/></svg>`;
}
