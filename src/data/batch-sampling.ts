/** Which items a batch holds: a pure function of (items, options, epoch, batch), so that any step can be rebuilt. */
import { z } from 'zod';
import { errors } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { type Item, targetOf } from './manifest.ts';

export const batchSamplingSchema = z.discriminatedUnion('kind', [
  /** Every item once an epoch, in a new order each. A last batch that is not full is left out. */
  z.strictObject({ kind: z.literal('shuffle') }),
  /** Half of each batch real, half manipulated; the smaller class comes round more often. */
  z.strictObject({ kind: z.literal('balanced') }),
  /**
   * Drawn with replacement: first a group by its weight (label `real` / `manipulated`, or method), then one of its
   * items. Groups without a weight have 1.
   */
  z.strictObject({
    kind: z.literal('weighted'),
    by: z.enum(['label', 'method']),
    weights: z.record(z.string(), z.number().nonnegative()).default({}),
  }),
  /** A real item and a manipulated one of the same source, side by side; items without a partner are left out. */
  z.strictObject({ kind: z.literal('paired') }),
  /** The file's order, every item once, the last batch shorter: for evaluation. */
  z.strictObject({ kind: z.literal('sequential') }),
]);
export type BatchSampling = z.output<typeof batchSamplingSchema>;

export interface BatchPlan {
  batchesPerEpoch: number;
  /** Items left out of every epoch, by index: without a partner. */
  unused: number[];
  /** So many slots of a batch, from the first on, hold pairs: a real item and its manipulated one. */
  pairSlots: number;
  /** Indices of the items of one batch, in order; `paired`: real, manipulated, real, manipulated … */
  picks(epoch: number, batch: number): number[];
  /**
   * Indices to try in place of `slots` slots whose pictures cannot be read, endlessly: of the same class or, where
   * sampling is paired, whole pairs. Depends on nothing but its arguments.
   */
  reserve(epoch: number, batch: number, slot: number): Generator<number[]>;
}

/** Throws BATCH_IMPOSSIBLE where the items or the batch size do not suit. */
export function planBatches(
  items: readonly Item[],
  options: { sampling: BatchSampling; batchSize: number; seed: number },
): BatchPlan {
  const { sampling, batchSize, seed } = options;
  const impossible = (reason: string) => errors.BATCH_IMPOSSIBLE(sampling.kind, reason);
  const all = items.map((_, index) => index);
  const classes = [0, 1].map((label) => all.filter((index) => items[index].label === label));
  const halved = sampling.kind === 'balanced' || sampling.kind === 'paired';
  if (halved && batchSize % 2 !== 0) throw impossible(`the batch size ${batchSize} is odd`);

  const fill = (groups: readonly number[][], epoch: number, count: number, name: string) =>
    cycle(groups, count, (round) => new Random(seed, 'order', name, epoch, round));
  const batches = (units: number, unitsPerBatch: number) => {
    if (units < unitsPerBatch) {
      throw impossible(`${units * (batchSize / unitsPerBatch)} items do not fill a batch of ${batchSize}`);
    }
    return Math.floor(units / unitsPerBatch);
  };
  const sameClass = (epoch: number, batch: number, slot: number, index: number) => {
    const random = new Random(seed, 'reserve', epoch, batch, slot);
    const candidates = classes[items[index].label];
    return endless(() => [random.pick(candidates)]);
  };
  const plan = (
    batchesPerEpoch: number,
    order: (epoch: number) => number[],
    more: Partial<BatchPlan> = {},
  ): BatchPlan => {
    const orderOf = lastTwo(order);
    const picks = (epoch: number, batch: number) =>
      orderOf(epoch).slice(batch * batchSize, (batch + 1) * batchSize);
    return {
      batchesPerEpoch,
      unused: [],
      pairSlots: 0,
      picks,
      reserve: (epoch, batch, slot) => sameClass(epoch, batch, slot, picks(epoch, batch)[slot]),
      ...more,
    };
  };

  switch (sampling.kind) {
    case 'sequential':
      if (items.length === 0) throw impossible('there is no item');
      return plan(Math.ceil(items.length / batchSize), () => all);
    case 'shuffle':
      return plan(batches(items.length, batchSize), (epoch) => new Random(seed, 'order', epoch).shuffle(all));
    case 'balanced': {
      if (classes.some((members) => members.length === 0)) throw impossible('a class has no item');
      const count = batches(items.length, batchSize);
      const half = (count * batchSize) / 2;
      return plan(count, (epoch) => {
        const [real, manipulated] = classes.map((members, label) =>
          fill(
            members.map((index) => [index]),
            epoch,
            half,
            `class-${label}`,
          ),
        );
        return real.flatMap((index, k) => [index, manipulated[k]]);
      });
    }
    case 'weighted': {
      const groupOf = (item: Item) =>
        sampling.by === 'method' ? item.method : item.label === 0 ? 'real' : 'manipulated';
      const groups = new Map<string, number[]>();
      for (const index of all) {
        const key = groupOf(items[index]);
        const group = groups.get(key);
        if (group) group.push(index);
        else groups.set(key, [index]);
      }
      const absent = Object.keys(sampling.weights).filter((key) => !groups.has(key));
      if (absent.length > 0) {
        throw impossible(
          `no item is of "${absent.join('", "')}"; there are: ${[...groups.keys()].join(', ')}`,
        );
      }
      let total = 0;
      const entries = [...groups].map(([key, members]) => {
        total += sampling.weights[key] ?? 1;
        return { members, upTo: total };
      });
      if (!(total > 0)) throw impossible('all weights are 0');
      const count = batches(items.length, batchSize);
      return plan(count, (epoch) => {
        const random = new Random(seed, 'order', epoch);
        return Array.from({ length: count * batchSize }, () => {
          const at = random.next() * total;
          const entry = entries.find(({ upTo }) => at < upTo) ?? entries[entries.length - 1];
          return random.pick(entry.members);
        });
      });
    }
    case 'paired': {
      const sources = new Map<string, number[][]>();
      for (const index of all) {
        const target = targetOf(items[index]);
        const pair = sources.get(target) ?? [[], []];
        pair[items[index].label].push(index);
        sources.set(target, pair);
      }
      const both = [...sources.values()].filter((pair) => pair.every((members) => members.length > 0));
      const used = new Set(both.flat(2));
      const units = both.reduce((sum, pair) => sum + Math.max(pair[0].length, pair[1].length), 0);
      const count = batches(units, batchSize / 2);
      const order = (epoch: number) => {
        // The rarer side of a source comes round until the other is through, in a new order each epoch.
        const pairs = both.flatMap(([real, manipulated], k) => {
          const most = Math.max(real.length, manipulated.length);
          const [a, b] = [real, manipulated].map((members, label) =>
            fill(
              members.map((index) => [index]),
              epoch,
              most,
              `source-${k}-${label}`,
            ),
          );
          return a.map((index, i) => [index, b[i]]);
        });
        return new Random(seed, 'order', epoch).shuffle(pairs).flat();
      };
      return plan(count, order, {
        pairSlots: batchSize,
        unused: all.filter((index) => !used.has(index)),
        reserve(epoch, batch, slot) {
          const random = new Random(seed, 'reserve', epoch, batch, slot);
          return endless(() => {
            const pair = random.pick(both);
            return [random.pick(pair[0]), random.pick(pair[1])];
          });
        },
      });
    }
  }
}

/** `count` indices from shuffled rounds through the groups. */
function cycle(groups: readonly number[][], count: number, randomOf: (round: number) => Random): number[] {
  const out: number[] = [];
  for (let round = 0; out.length < count; round++) {
    for (const index of randomOf(round).shuffle(groups).flat()) out.push(index);
  }
  out.length = count;
  return out;
}

function* endless(draw: () => number[]): Generator<number[]> {
  for (;;) yield draw();
}

/** Remembers two epochs: prefetching reaches across their border. */
function lastTwo(make: (epoch: number) => number[]): (epoch: number) => number[] {
  const kept = new Map<number, number[]>();
  return (epoch) => {
    const known = kept.get(epoch);
    if (known) return known;
    const order = make(epoch);
    if (kept.size > 1) kept.delete(kept.keys().next().value as number);
    kept.set(epoch, order);
    return order;
  };
}
