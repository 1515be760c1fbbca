/** The gallery of what a detector looks at. */
import { encodePng } from '../media/image.ts';
import type { Picture } from '../media/types.ts';
import { plural } from './format.ts';
import { type Html, html, trusted } from './html.ts';
import { page } from './page.ts';

export interface ExplainedFace {
  label: 0 | 1;
  method: string;
  score: number;
  /** The face, then what the methods show over it. */
  pictures: { title: string; picture: Picture }[];
}

export interface ExplainedFilter {
  layer: string;
  filter: number;
  /** Mean activation of the picture that was found, and of the noise that it began as. */
  after: number;
  before: number;
  /** Mean output on manipulated faces less that on real ones. */
  difference: number;
  imagined: Picture;
  real: Picture;
  manipulated: Picture;
  apart: Picture;
}

export interface ExplanationPage {
  detector: { name: string; sha256: string };
  protocol: string;
  layer: string;
  faces: readonly ExplainedFace[];
  filters: readonly ExplainedFilter[];
  kernels: readonly Picture[];
  replay: string;
  createdAt: Date;
}

export async function explanationPage(given: ExplanationPage): Promise<string> {
  const { detector, protocol, layer, faces, filters, kernels, replay, createdAt } = given;
  const title = `What ${detector.name} looks at`;
  return page(
    title,
    html`<div class="top"><span><b>Mesoscope</b> explanations</span><span>${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</span></div>
<h1>${title}</h1>
<p class="facts"><span>${protocol}</span></p>
<section><h2>Faces</h2><p class="lede">Colour shows what speaks for “manipulated”: Grad-CAM at ${layer}; the map that the network was trained to draw, where it has one; the pixels that move the score most (gradients, and guided back-propagation, which is sharper and less faithful); and how far the score falls where a part is covered. These pictures say what the number depends on, not whether the face is manipulated.</p>
${await Promise.all(faces.map(face))}</section>
<section><h2>Filters of ${layer}</h2><p class="lede">The ${plural(filters.length, 'filter')} that differ most between real and manipulated faces. Imagined: the picture that excites the filter most (000, Figure 7). Then its mean output over real and over manipulated faces (000, Figure 8), and the difference: orange is more on manipulated faces, blue less.</p>
<div class="faces">${await Promise.all(filters.map(filter))}</div></section>
${
  kernels.length > 0 &&
  html`<section><h2>First kernels</h2><p class="lede">Weights over red, green and blue; grey is zero.</p><div class="faces">${await Promise.all(kernels.map((kernel, i) => picture(kernel, `kernel ${i}`)))}</div></section>`
}
<section><h2>How this was computed</h2><p class="lede">With the engine’s own gradients, from the detector’s file alone. ${detector.name}: SHA-256 ${detector.sha256}.</p><p>Repeat it with <code>${replay}</code></p></section>
<footer>Made by Mesoscope, a face-forensics workbench.</footer>`,
  );
}

async function face({ label, method, score, pictures }: ExplainedFace): Promise<Html> {
  const shown = await Promise.all(
    pictures.map(
      async ({ title, picture: drawn }) =>
        html`<figure>${await picture(drawn, title)}<figcaption class="muted">${title}</figcaption></figure>`,
    ),
  );
  return html`<div class="explained"><h3>${label === 1 ? 'Manipulated' : 'Real'} <span class="muted">${method}</span>, score ${score.toFixed(2)}</h3><div class="faces">${shown}</div></div>`;
}

async function filter(one: ExplainedFilter): Promise<Html> {
  const { imagined, real, manipulated, apart, filter: number, before, after, difference } = one;
  const shown = [
    ['imagined', imagined],
    ['real', real],
    ['manipulated', manipulated],
    ['difference', apart],
  ] as const;
  const drawn = await Promise.all(
    shown.map(
      async ([title, of]) =>
        html`<figure>${await picture(of, `filter ${number}: ${title}`)}<figcaption class="muted">${title}</figcaption></figure>`,
    ),
  );
  return html`<div class="explained"><h3>Filter ${number}</h3><p class="muted">${difference >= 0 ? 'more' : 'less'} on manipulated faces; ${before.toFixed(2)} on noise, ${after.toFixed(2)} imagined</p><div class="faces">${drawn}</div></div>`;
}

async function picture(of: Picture, alt: string): Promise<Html> {
  const png = Buffer.from(await encodePng(of)).toString('base64');
  return html`<img src="${trusted(`data:image/png;base64,${png}`)}" alt="${alt}" width="112" height="112">`;
}
