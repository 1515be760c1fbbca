/** Batches that hold pairs made on the fly beside the set's own items. */
import { errors } from '../../base/errors.ts';
import { type BatchPlan, type BatchSampling, planBatches } from '../batch-sampling.ts';
import type { PairItem, Synthesize } from './on-the-fly.ts';

export interface PairPlanOptions {
  sampling: BatchSampling;
  batchSize: number;
  seed: number;
  synthesize?: Synthesize | undefined;
}

/**
 * As `planBatches`, which alone decides where nothing is made or every item counts once (`sequential`). Else the first
 * slots, `share` of them, are pairs, each real picture once an epoch; the set's own items fill the others in epochs of
 * their own length. Throws BATCH_IMPOSSIBLE.
 */
export function planWithPairs(items: readonly PairItem[], options: PairPlanOptions): BatchPlan {
  const { sampling, batchSize, seed, synthesize } = options;
  if (!synthesize || sampling.kind === 'sequential') return planBatches(items, options);
  const all = items.map((_, index) => index);
  const made = all.filter((index) => items[index].pairOf !== undefined);
  const own = all.filter((index) => items[index].pairOf === undefined);
  const pairSlots = own.length === 0 ? batchSize : 2 * Math.round((synthesize.share * batchSize) / 2);
  if (pairSlots === 0 || (own.length > 0 && pairSlots >= batchSize)) {
    const reason = `a share of ${synthesize.share} of ${batchSize} pictures is no whole number of pairs beside others`;
    throw errors.BATCH_IMPOSSIBLE('synthesize', reason);
  }
  const pairs = part(items, made, { sampling: { kind: 'paired' }, batchSize: pairSlots, seed });
  if (own.length === 0) return pairs;
  const others = part(items, own, { sampling, batchSize: batchSize - pairSlots, seed });
  /** Place of the batch among those of the set's own items. */
  const at = (epoch: number, batch: number): [number, number] => {
    const step = epoch * pairs.batchesPerEpoch + batch;
    return [Math.floor(step / others.batchesPerEpoch), step % others.batchesPerEpoch];
  };
  return {
    batchesPerEpoch: pairs.batchesPerEpoch,
    unused: [...pairs.unused, ...others.unused],
    // Also where the others are paired: their pairs begin at an even slot too.
    pairSlots: pairSlots + others.pairSlots,
    picks: (epoch, batch) => [...pairs.picks(epoch, batch), ...others.picks(...at(epoch, batch))],
    reserve: (epoch, batch, slot) =>
      slot < pairSlots
        ? pairs.reserve(epoch, batch, slot)
        : others.reserve(...at(epoch, batch), slot - pairSlots),
  };
}

/** The plan of some of the items, told in the indices of all. */
function part(
  items: readonly PairItem[],
  indices: readonly number[],
  options: Omit<PairPlanOptions, 'synthesize'>,
): BatchPlan {
  const plan = planBatches(
    indices.map((index) => items[index]),
    options,
  );
  const outer = (inner: readonly number[]) => inner.map((index) => indices[index]);
  return {
    ...plan,
    unused: outer(plan.unused),
    picks: (epoch, batch) => outer(plan.picks(epoch, batch)),
    *reserve(epoch, batch, slot) {
      for (const candidates of plan.reserve(epoch, batch, slot)) yield outer(candidates);
    },
  };
}
