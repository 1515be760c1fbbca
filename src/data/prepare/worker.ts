/** A thread of `dataset prepare`. */
import { openFinder } from '../../faces/open-finder.ts';
import type { UnitResult } from '../build/part.ts';
import { serveUnits } from '../build/unit-worker.ts';
import { type PrepareSettings, prepareGroup } from './group.ts';
import type { PrepareUnit } from './plan.ts';

export interface NumberedUnit extends PrepareUnit {
  /** Number of the unit's first clip in the set: the sample's key begins with it. */
  first: number;
}

serveUnits<PrepareSettings, NumberedUnit>(async (settings) => {
  // One thread: the workers are as many as the machine has, and sums then always have the same order.
  const finder = await openFinder({ threads: 1 });
  return {
    close: () => finder.close(),
    async make({ groups, first }): Promise<UnitResult> {
      const out: UnitResult = { samples: [], dropped: [], failures: [], counts: {} };
      const counts: Record<string, number> = {};
      let clip = first;
      for (const group of groups) {
        const made = await prepareGroup(group.clips, settings, finder);
        const numbers = new Map(group.clips.map(({ id }) => [id, clip++]));
        for (const sample of made.samples) {
          const [frame, track] = sample.key.split('-');
          const number = String(
            numbers.get(sample.item.id.slice(0, sample.item.id.lastIndexOf('/'))),
          ).padStart(6, '0');
          out.samples.push({ ...sample, key: `c${number}-f${frame.padStart(6, '0')}-t${track}` });
        }
        out.dropped.push(...made.dropped);
        out.failures.push(...made.failures);
        for (const [key, value] of Object.entries(made.counts)) counts[key] = (counts[key] ?? 0) + value;
      }
      return { ...out, counts };
    },
  };
});
