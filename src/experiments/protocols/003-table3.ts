/** 003, Table 3: mean IoU of segmenters by depth. */
import { publishedIou } from './003-table2.ts';
import { iousOf, marksAnything, ofMethod } from './measures.ts';
import { cell, meanOf, type Protocol } from './protocol.ts';
import { methodName, methods } from './sets.ts';
import { scoreZooming, trainZooming, zoomingScales } from './zooming.ts';

const depths = [
  { title: 'Xception (36)', name: 'xception', published: publishedIou['xception-seg'] },
  { title: 'VGG8 (7)', name: 'vgg8', published: publishedIou['vgg8-seg'] },
  { title: 'VGG5 (4)', name: 'vgg5', published: publishedIou['vgg5-seg'] },
  { title: 'FN3 (3)', name: 'fn3', published: publishedIou['fn3-seg'] },
  { title: 'VGG3 (3)', name: 'vgg3', published: [88.79, 89.92, 79.65, 57.93, 96.64, 82.58] },
];

export const table3: Protocol = {
  id: '003/table3',
  title: 'Deep against shallow',
  source: 'Zooming into Face Forensics (Li et al. 2019), Table 3',
  scales: zoomingScales('as table 1, whose runs it uses; VGG3 adds a minute'),
  async run(lab) {
    const runs = await trainZooming(
      lab,
      depths.map(({ name }) => name),
      ['seg'],
    );
    const scored = await scoreZooming(lab, runs);
    const columns = [...methods.map((method) => methodName(lab, method)), 'original'];
    const rows = depths.map(({ title, name, published }) => {
      const values = columns.map((method) => iousOf(ofMethod(scored.get(`${name}-seg`) ?? [], method)).mean);
      return {
        name: title,
        cells: [...values, meanOf(values)].map((value, k) => cell(published[k], value && value * 100)),
      };
    });
    const [deepest, ...shallow] = rows.map(({ cells }) => cells[5].ours ?? undefined);
    const best = Math.max(...shallow.map((value) => value ?? 0));
    const marks = depths.map(({ name }) => marksAnything(scored.get(`${name}-seg`) ?? []));
    const [first] = scored.values();
    return {
      scored: `${first.length} pictures of the test side`,
      tables: [
        {
          title: 'Mean IoU by depth',
          quantity: 'mean IoU, %; layers in parentheses',
          columns: [...methods.map(({ short }) => short), 'P', 'Avg'],
          rows,
        },
      ],
      findings: [
        {
          claim: 'Shallow is enough: the 36 layers of Xception do not reach the best shallow network.',
          ours: `Xception ${deepest?.toFixed(1)} %, best shallow ${best.toFixed(1)} %${marks.every(Boolean) ? '' : '; some of them mark nothing yet'}`,
          agrees:
            !marks.every(Boolean) || deepest === undefined || Math.abs(best - deepest) < 1
              ? undefined
              : best > deepest,
        },
      ],
      drawings: [],
    };
  },
};
