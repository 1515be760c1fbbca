// The runs explorer, in two places: the file that `report/runs.ts` writes, which holds this module and asks for nothing,
// and the pages of `web/`. Plain DOM: text from files reaches the page as textContent alone.

/**
 * Draws into the elements `parallel`, `curves`, `table`, `filter`, `count` and `detail` of the document.
 *
 * @param {any} echarts
 * @param {any} data what `explorerData` of `report/explorer-data.ts` gives
 * @param {boolean} dark
 * @returns {() => void} takes the drawings away again
 */
export function exploreRuns(echarts, data, dark) {
  const { runs, keys, metrics, baseline } = data;
  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const number = (value) =>
    typeof value === 'number'
      ? String(Number(value.toPrecision(4)))
      : value === null || value === undefined
        ? '–'
        : String(value);
  const ink = dark ? '#a3a9b4' : '#5a616d';

  // `network.options.dropout` is dropout, where no other key ends alike.
  const tail = (key) => key.split('.').at(-1);
  const shortKey = (key) =>
    keys.filter((other) => tail(other) === tail(key)).length === 1 ? tail(key) : key;

  let chosen = new Set(runs.map((_, i) => i));
  let selected = [];
  // The best first, whichever way that is.
  const lower = runs.length > 0 && runs[0].better === 'lower';
  let sortBy = { column: 'best', down: !lower };

  const columnsOf = () => [
    { key: 'name', of: (run) => run.name },
    { key: 'status', of: (run) => run.status },
    ...keys.map((key) => ({ key, of: (run) => run.drawn[key] })),
    ...(keys.includes('steps') ? [] : [{ key: 'steps', of: (run) => run.steps }]),
    { key: 'seconds', of: (run) => run.seconds },
    { key: 'best', of: (run) => run.best },
    ...metrics.map((key) => ({ key, of: (run) => run.validation[key] })),
  ];

  // Parallel coordinates: what was drawn to the left, what came of it to the right.
  const plot = echarts.init(document.getElementById('parallel'), dark ? 'dark' : undefined, {
    renderer: 'svg',
  });
  const axes = [
    ...keys.map((key) => ({ key, of: (run) => run.drawn[key] })),
    ...metrics.map((key) => ({ key, of: (run) => run.validation[key] })),
  ];
  const scored = runs.map((run, i) => ({ run, i })).filter(({ run }) => run.best !== null);
  const bests = scored.map(({ run }) => run.best);
  const parallelAxis = axes.map(({ key, of }, dim) => {
    const values = scored.map(({ run }) => of(run)).filter((value) => value !== undefined);
    const words = values.some((value) => typeof value === 'string');
    const positive = values.filter((value) => value > 0);
    const wide =
      !words && positive.length === values.length && Math.max(...values) > 50 * Math.min(...values);
    return {
      dim,
      name: shortKey(key),
      nameLocation: 'start',
      nameRotate: 0,
      nameTextStyle: { color: ink, fontSize: 11 },
      type: words ? 'category' : wide ? 'log' : 'value',
      ...(words ? { data: [...new Set(values.map(String))] } : { scale: true }),
      axisLabel: { color: ink },
    };
  });
  plot.setOption({
    backgroundColor: 'transparent',
    animation: false,
    parallel: {
      left: 60,
      right: 60,
      top: 30,
      bottom: 50,
      parallelAxisDefault: { areaSelectStyle: { width: 18 } },
    },
    parallelAxis,
    visualMap: {
      show: false,
      dimension: axes.length,
      min: Math.min(...bests),
      max: Math.max(...bests),
      inRange: { color: lower ? ['#0072b2', '#bbbbbb', '#d55e00'] : ['#d55e00', '#bbbbbb', '#0072b2'] },
    },
    series: {
      type: 'parallel',
      lineStyle: { width: 1.4, opacity: 0.6 },
      inactiveOpacity: 0.04,
      activeOpacity: 0.9,
      data: scored.map(({ run }) => [...axes.map(({ of }) => of(run) ?? '-'), run.best]),
    },
  });
  plot.on('axisareaselected', () => {
    const series = plot.getModel().getSeriesByIndex(0);
    const active = series.getRawIndicesByActiveState('active');
    chosen = new Set(active.map((k) => scored[k].i));
    drawTable();
    drawCurves();
  });

  const curves = echarts.init(document.getElementById('curves'), dark ? 'dark' : undefined, {
    renderer: 'svg',
  });
  function drawCurves() {
    const shown = (selected.length > 0 ? selected : [...chosen]).slice(0, 40);
    curves.setOption(
      {
        backgroundColor: 'transparent',
        animation: false,
        tooltip: {
          trigger: 'item',
          // Drawn, not HTML: the text comes from files, and the pages' policy forbids inline styles.
          renderMode: 'richText',
          formatter: (p) => `${p.seriesName}: ${number(p.value[1])} at step ${p.value[0]}`,
        },
        grid: [
          { left: 60, width: '38%', top: 30, bottom: 50 },
          { left: '56%', right: 20, top: 30, bottom: 50 },
        ],
        xAxis: [0, 1].map((gridIndex) => ({
          gridIndex,
          type: 'value',
          name: 'step',
          nameLocation: 'middle',
          nameGap: 28,
        })),
        yAxis: [
          { gridIndex: 0, type: 'value', name: 'training loss', scale: true },
          { gridIndex: 1, type: 'value', name: 'validation', scale: true },
        ],
        series: shown.flatMap((i) => {
          const { name, curve } = runs[i];
          const line = (axis, points) => ({
            name,
            type: 'line',
            xAxisIndex: axis,
            yAxisIndex: axis,
            data: points,
            showSymbol: points.length < 20,
            symbolSize: 4,
            lineStyle: { width: selected.includes(i) ? 2.5 : 1, opacity: selected.includes(i) ? 1 : 0.5 },
            ...(axis === 0 && baseline !== null
              ? {
                  markLine: {
                    silent: true,
                    symbol: 'none',
                    label: { formatter: 'guessing' },
                    lineStyle: { type: 'dashed', color: ink },
                    data: [{ yAxis: baseline }],
                  },
                }
              : {}),
          });
          return [line(0, curve.loss), line(1, curve.metric)];
        }),
      },
      true,
    );
  }

  const table = document.getElementById('table');
  const filter = document.getElementById('filter');
  function drawTable() {
    const columns = columnsOf();
    const by = columns.find(({ key }) => key === sortBy.column) ?? columns[0];
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...chosen]
      .filter((i) => {
        const text = columns
          .map(({ of }) => number(of(runs[i])))
          .join(' ')
          .toLowerCase();
        return words.every((word) => text.includes(word));
      })
      .sort((a, b) => {
        const [x, y] = [by.of(runs[a]), by.of(runs[b])];
        const missing = (value) => value === null || value === undefined;
        if (missing(x) || missing(y)) return missing(x) ? (missing(y) ? a - b : 1) : -1;
        const order =
          typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
        return sortBy.down ? -order : order;
      });
    const head = element('tr');
    for (const { key } of columns) {
      const cell = element('th');
      const button = element(
        'button',
        shortKey(key) + (key === sortBy.column ? (sortBy.down ? ' ↓' : ' ↑') : ''),
      );
      button.onclick = () => {
        sortBy = { column: key, down: sortBy.column === key ? !sortBy.down : true };
        drawTable();
      };
      cell.append(button);
      head.append(cell);
    }
    const body = element('tbody');
    for (const i of rows) {
      const line = element('tr', undefined, selected.includes(i) ? 'on' : '');
      line.tabIndex = 0;
      const choose = (more) => {
        selected = more ? [...selected.filter((k) => k !== i), i].slice(-2) : [i];
        drawTable();
        drawCurves();
        drawDetail();
      };
      line.onclick = (event) => choose(event.shiftKey);
      line.onkeydown = (event) => {
        if (event.key === 'Enter') choose(event.shiftKey);
      };
      for (const { of } of columns) {
        const value = of(runs[i]);
        line.append(element('td', number(value), typeof value === 'number' ? 'n' : ''));
      }
      body.append(line);
    }
    const thead = element('thead');
    thead.append(head);
    table.replaceChildren(thead, body);
    document.getElementById('count').textContent = `${rows.length} of ${runs.length} runs`;
  }

  function flat(value, path, out) {
    if (value === null || typeof value !== 'object') out[path] = JSON.stringify(value);
    else for (const [key, inner] of Object.entries(value)) flat(inner, path ? `${path}.${key}` : key, out);
    return out;
  }

  const detail = document.getElementById('detail');
  function drawDetail() {
    if (selected.length === 0) return;
    const [first, second] = selected.map((i) => runs[i]);
    detail.replaceChildren();
    if (!second) {
      detail.append(element('h3', first.name));
      if (first.failure) detail.append(element('p', first.failure));
      detail.append(element('pre', JSON.stringify(first.recipe, null, 1)));
      return;
    }
    detail.append(element('h3', `${first.name} against ${second.name}: what differs`));
    const [a, b] = [flat(first.recipe, '', {}), flat(second.recipe, '', {})];
    const rows = [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .filter((key) => a[key] !== b[key])
      .sort();
    const list = element('table');
    for (const key of rows) {
      const line = element('tr');
      for (const text of [key, a[key] ?? 'absent', b[key] ?? 'absent']) line.append(element('td', text));
      list.append(line);
    }
    detail.append(list);
  }

  const resize = () => {
    plot.resize();
    curves.resize();
  };
  filter.oninput = drawTable;
  addEventListener('resize', resize);
  drawTable();
  drawCurves();
  return () => {
    removeEventListener('resize', resize);
    plot.dispose();
    curves.dispose();
  };
}
