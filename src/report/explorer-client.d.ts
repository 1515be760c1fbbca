/** Draws the runs explorer into the page's elements; returns what takes the drawings away again. */
export declare function exploreRuns(
  echarts: { init: (element: HTMLElement, theme: string | undefined) => unknown },
  data: unknown,
  dark: boolean,
): () => void;
