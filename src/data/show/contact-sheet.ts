/** A page that shows what a network is shown: pairs, masks, augmentations, drops; and where faces can be marked as wrong. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describe } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import { encodeJpeg, readMask, readPicture, resizePicture } from '../../media/image.ts';
import type { Picture } from '../../media/types.ts';
import { type Augment, augment } from '../augment/index.ts';
import { countDropped, type Item, type Manifest, targetOf } from '../manifest.ts';
import { readThrough } from '../shards.ts';
import { page } from './page.ts';

export interface SheetOptions {
  /** Rows: an item, or a pair of one source and moment. */
  count: number;
  seed: number;
  /** What training would do to them; none where left out. */
  augment?: Augment | undefined;
  /** Side of a picture on the page, in pixels. */
  tile?: number;
  /** Only items of this method, with their originals. */
  method?: string | undefined;
}

export interface Cell {
  caption: string;
  /** JPEG. */
  picture: string | undefined;
  problem?: string;
}

export interface SheetRow {
  title: string;
  /** Items that the row's marks exclude. */
  ids: string[];
  cells: Cell[];
}

const report = z.object({
  droppedByReason: z.array(z.object({ reason: z.string(), count: z.number() })),
  dropped: z.array(z.object({ id: z.string(), frame: z.number().optional(), reason: z.string() })),
  failures: z.array(z.object({ id: z.string(), file: z.string(), reason: z.string() })),
});

/** The page, with its pictures in it. */
export async function contactSheet(manifest: Manifest, options: SheetOptions): Promise<string> {
  const { count, seed } = options;
  const random = new Random(seed, 'show');
  const chosen = random.shuffle(rowsOf(manifest.items, options.method)).slice(0, count);
  const rows: SheetRow[] = [];
  for (const items of chosen) rows.push(await makeRow(manifest.folder, items, options));
  const path = join(manifest.folder, 'report.json');
  const made = existsSync(path) ? report.safeParse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
  const left = made?.success ? made.data : { droppedByReason: [], dropped: [], failures: [] };
  return page({
    title: manifest.path,
    rows,
    classes: [0, 1].map((label) => manifest.items.filter((item) => item.label === label).length),
    methods: countDropped(manifest.items.map(({ method }) => ({ reason: method }))),
    droppedByReason: [...left.droppedByReason, ...countDropped(manifest.dropped)],
    dropped: [
      ...left.failures.map(({ id, reason }) => ({ id, reason })),
      ...left.dropped.map(({ id, frame, reason }) => ({
        id: frame === undefined ? id : `${id}, frame ${frame}`,
        reason,
      })),
    ],
  });
}

/** An original with what was made from it, by `original`; everything else alone. */
function rowsOf(items: readonly Item[], method: string | undefined): Item[][] {
  const byId = new Map(items.map((item) => [item.id, item]));
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const leader = (item.original === undefined ? undefined : byId.get(item.original)) ?? item;
    const group = groups.get(leader.id) ?? (leader === item ? [] : [leader]);
    if (!group.includes(item)) group.push(item);
    groups.set(leader.id, group);
  }
  return [...groups.values()].filter(
    (group) => method === undefined || group.some((item) => item.method === method),
  );
}

async function makeRow(folder: string, items: readonly Item[], options: SheetOptions): Promise<SheetRow> {
  const { tile = 160, seed } = options;
  const cells: Cell[] = [];
  const add = async (caption: string, make: () => Promise<Picture>) => {
    try {
      const shown = await resizePicture(await make(), tile, tile);
      cells.push({ caption, picture: (await encodeJpeg(shown, 88)).toString('base64') });
    } catch (thrown) {
      cells.push({ caption, picture: undefined, problem: describe(thrown) });
    }
  };
  let original: Picture | undefined;
  for (const item of items.slice(0, 7)) {
    const read = async () => readPicture(await readThrough(join(folder, item.file)));
    const word =
      item.label === 0 ? (item.method === 'original' ? 'real' : `real (${item.method})`) : item.method;
    await add(word, read);
    if (item.mask !== undefined) {
      await add('mask', async () => outlined(await read(), await maskOf(folder, item.mask ?? '')));
    }
    if (item === items[0]) original = await read().catch(() => undefined);
    else if (original) {
      const first = original;
      await add('difference x4', async () => difference(first, await read()));
    }
    if (options.augment) {
      const recipe = options.augment;
      await add('augmented', async () => {
        const randomOf = (name: string) =>
          new Random(seed, 'augment', name, 0, 0, `source/${targetOf(item)}`);
        return (await augment(await read(), undefined, { width: tile, height: tile }, recipe, randomOf))
          .picture;
      });
    }
  }
  const [first] = items;
  const native = first.nativeWidth === undefined ? '' : `, face ${first.nativeWidth} px`;
  return { title: `${first.id} (source ${first.sourceId}${native})`, ids: items.map(({ id }) => id), cells };
}

async function maskOf(folder: string, file: string): Promise<Picture> {
  const { width, height, data } = await readMask(await readThrough(join(folder, file)));
  const three = new Uint8Array(data.length * 3);
  for (const [i, value] of data.entries()) three.fill(value, 3 * i, 3 * i + 3);
  return { width, height, data: three };
}

/** The mask in red over the picture: one sees whether it lies where the forgery is. */
async function outlined(picture: Picture, mask: Picture): Promise<Picture> {
  const { data } = await resizePicture(mask, picture.width, picture.height, 'nearest');
  const out = picture.data.slice();
  for (let i = 0; i < out.length; i += 3) {
    const share = (data[i] / 255) * 0.5;
    out[i] = out[i] * (1 - share) + 255 * share;
    out[i + 1] *= 1 - share;
    out[i + 2] *= 1 - share;
  }
  return { ...picture, data: out };
}

async function difference(a: Picture, b: Picture): Promise<Picture> {
  const same = await resizePicture(b, a.width, a.height, 'linear');
  const data = new Uint8Array(a.data.length);
  for (let i = 0; i < data.length; i++)
    data[i] = Math.min(255, Math.max(0, 128 + 4 * (same.data[i] - a.data[i])));
  return { ...a, data };
}
