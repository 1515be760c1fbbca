/** A unit of `dataset prepare`, made: its groups one after the other, each sample under its clip's number. */
import type { FaceSource } from '../../faces/finder.ts';
import type { UnitResult } from '../build/part.ts';
import { type PrepareSettings, prepareGroup } from './group.ts';
import type { PrepareUnit } from './plan.ts';
import { sampleKey } from './sample-key.ts';
import type { SourceFiles } from './source-files.ts';

export interface NumberedUnit extends PrepareUnit {
  /** Number of the unit's first clip in the set: the sample's key begins with it. */
  first: number;
}

export async function prepareUnit(
  { groups, first }: NumberedUnit,
  settings: PrepareSettings,
  finder: FaceSource,
  files: SourceFiles,
): Promise<UnitResult> {
  const out: UnitResult = { samples: [], dropped: [], failures: [], counts: {} };
  const counts: Record<string, number> = {};
  let clip = first;
  for (const group of groups) {
    const made = await prepareGroup(group.clips, settings, finder, files);
    const numbers = new Map(group.clips.map(({ id }) => [id, clip++]));
    for (const sample of made.samples) {
      const [frame, track] = sample.key.split('-');
      const number = numbers.get(sample.item.id.slice(0, sample.item.id.lastIndexOf('/')));
      out.samples.push({ ...sample, key: sampleKey(number as number, frame, track) });
    }
    out.dropped.push(...made.dropped);
    out.failures.push(...made.failures);
    for (const [key, value] of Object.entries(made.counts)) counts[key] = (counts[key] ?? 0) + value;
  }
  return { ...out, counts };
}
