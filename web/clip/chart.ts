/** ECharts for the timeline. Loaded when a timeline is shown. */
import { LineChart } from 'echarts/charts';
import { GraphicComponent, GridComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

// On canvas: the SVG renderer writes style attributes, which the pages' policy forbids.
use([LineChart, GraphicComponent, GridComponent, MarkAreaComponent, MarkLineComponent, CanvasRenderer]);

interface Drawing {
  width: number;
  height: number;
  option: Record<string, unknown>;
}

export interface Chart {
  draw: (drawing: Drawing) => void;
  dispose: () => void;
}

export function openChart(container: HTMLElement): Chart {
  const chart = init(container, null, { renderer: 'canvas', width: 300, height: 100 });
  return {
    draw: ({ width, height, option }) => {
      chart.resize({ width, height });
      chart.setOption({ animation: false, ...inColour(option) }, true);
    },
    dispose: () => chart.dispose(),
  };
}

/** The reports' options name CSS variables, which a canvas does not know: their values at this moment. */
function inColour(option: Record<string, unknown>): Record<string, unknown> {
  const style = getComputedStyle(document.documentElement);
  const resolve = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return value.replace(/var\((--[a-z-]+)\)/g, (_, name: string) => style.getPropertyValue(name).trim());
    }
    if (Array.isArray(value)) return value.map(resolve);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
    }
    return value;
  };
  return resolve(option) as Record<string, unknown>;
}
