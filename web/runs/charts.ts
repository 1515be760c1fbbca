/** ECharts with what the runs explorer draws. Loaded with it. */
import { LineChart, ParallelChart } from 'echarts/charts';
import {
  GridComponent,
  MarkLineComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import { init as initChart, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([
  LineChart,
  ParallelChart,
  GridComponent,
  MarkLineComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

/** On canvas, whatever is asked for: the SVG renderer writes style attributes, which the pages' policy forbids. */
export function init(element: HTMLElement, theme: string | undefined) {
  return initChart(element, theme, { renderer: 'canvas' });
}
