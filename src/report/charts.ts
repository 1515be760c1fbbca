/** ECharts options to SVG on the server: no script reaches the page, and colours follow the page's style sheet. */
import { LineChart } from 'echarts/charts';
import { GraphicComponent, GridComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { escapeHtml, type Html, html, trusted } from './html.ts';

use([LineChart, GraphicComponent, GridComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer]);

export interface Drawing {
  width: number;
  height: number;
  option: EChartsCoreOption;
}

/**
 * One drawing as an SVG that scales with its place. ECharts writes inline styles, hover rules and its own numbering
 * of ids; the page's content policy forbids the first two, and the same input must give the same bytes.
 *
 * @param id Prefix of the ids in the drawing; unique on the page.
 * @param label What a screen reader says in its place.
 */
export function drawSvg({ width, height, option }: Drawing, id: string, label: string): Html {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option });
    const svg = chart
      .renderToSVGString({ useViewBox: true })
      .replace(/<style\b[^>]*>[\s\S]*?<\/style>/g, '')
      .replace(/ (?:class|ecmeta_[a-z_]+|pointer-events)="[^"]*"/g, '')
      .replace(/ style="([^"]*)"/g, (_, style: string) => asAttributes(style))
      .replace(/zr\d+-/g, `${id}-`)
      // In tags, not in texts: hundredths of a pixel are finer than any screen or printer shows.
      .replace(/<[^>]*>/g, (tag) => tag.replace(/\d+\.\d{2,}/g, (n) => String(Number(Number(n).toFixed(2)))))
      .replace(/<svg\b[^>]*>/, openTag(width, height, label));
    return trusted(svg);
  } finally {
    chart.dispose();
  }
}

/** The same drawing for wide and for narrow screens; the style sheet shows one of them. */
export function responsive(wide: Drawing, narrow: Drawing, id: string, label: string): Html {
  return html`<div class="chart"><div class="wide">${drawSvg(wide, `${id}w`, label)}</div><div class="narrow">${drawSvg(narrow, `${id}n`, label)}</div></div>`;
}

function openTag(width: number, height: number, label: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">`;
}

/** `font-size:12px;font-weight:600` to presentation attributes; the family comes from the style sheet. */
function asAttributes(style: string): string {
  return style
    .split(';')
    .map((declaration) => declaration.split(':').map((part) => part.trim()))
    .filter(([name, value]) => name && value && name.startsWith('font-') && name !== 'font-family')
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}
