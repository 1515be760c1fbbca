/** 003, Figure 5: the maps of every network side by side with the truth. */
import { join } from 'node:path';
import { readThrough } from '../../data/shards.ts';
import { readMask, readPicture } from '../../media/image.ts';
import { enlarged, mapPicture, mosaic } from './drawing.ts';
import type { Protocol } from './protocol.ts';
import type { ScoredPicture } from './score-run.ts';
import { methodName, methods } from './sets.ts';
import { trainZooming, zoomingNetworks, zoomingScales, zoomingTasks } from './zooming.ts';

const side = 96;

export const figure5: Protocol = {
  id: '003/figure5',
  title: 'Maps of all networks beside the truth',
  source: 'Zooming into Face Forensics (Li et al. 2019), Figure 5',
  scales: zoomingScales('as table 1, whose runs it uses'),
  async run(lab) {
    const names = zoomingNetworks.map(({ name }) => name);
    const runs = await trainZooming(lab, names, zoomingTasks);
    const [some] = runs.values();
    const sided = await lab.side(some, 'test');
    const chosen = methods.flatMap((method) => {
      const found = sided.items.find(
        ({ method: name, mask }) => name === methodName(lab, method) && mask !== undefined,
      );
      return found ? [found] : [];
    });
    lab.stage('drawing maps');
    const maps = new Map<string, ScoredPicture[]>();
    for (const [name, run] of runs) {
      maps.set(name, await lab.score(run, { items: { ...sided, items: chosen }, maps: true }));
    }
    const rows = [];
    for (const [k, item] of chosen.entries()) {
      const picture = lab.shown(await readPicture(await readThrough(join(sided.folder, item.file))));
      const truth = await readMask(await readThrough(join(sided.folder, item.mask ?? '')));
      const white = {
        width: truth.width,
        height: truth.height,
        data: Float32Array.from(truth.data, (value) => value / 255),
      };
      for (const task of zoomingTasks) {
        const first = task === 'cls' ? enlarged(picture, side) : mapPicture(white, side);
        rows.push([
          first,
          ...zoomingNetworks.map(({ name }) => {
            const map = maps.get(`${name}-${task}`)?.[k]?.map;
            return mapPicture(map ?? { width: 1, height: 1, data: new Float32Array(1) }, side);
          }),
        ]);
      }
    }
    const order = zoomingNetworks.map(({ title }) => title).join(', ');
    return {
      scored: `${chosen.length} pictures of the test side, the first of each method`,
      tables: [],
      findings: [],
      drawings: [
        await mosaic(
          'maps.png',
          `Two rows a method (${methods.map(({ short }) => short).join(', ')}). Left: the picture, and below it the truth. Then ${order}: above as classifier (activation map), below as segmenter. White is manipulated.${lab.shownWords}`,
          rows,
        ),
      ],
    };
  },
};
