/** From a source's items to units of work: an original with everything that was made from it. */

import type { SourceItem } from '../source.ts';
import { isPictureName } from './picture-names.ts';

/** Clips that show the same moments; the first is the original, whose faces the others are cut by. */
export interface ClipGroup {
  clips: SourceItem[];
}

/** What one worker does at a time, and what is done or not done after a kill. */
export interface PrepareUnit {
  groups: ClipGroup[];
}

/** Pictures a unit: a file in the journal for each would cost more than the picture. */
const picturesPerUnit = 32;

/**
 * Groups in the order of the source. A fake whose original is in the source too goes with it; picture groups are
 * gathered into larger units.
 */
export function planUnits(items: readonly SourceItem[], limit = Number.POSITIVE_INFINITY): PrepareUnit[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  const groups = new Map<string, ClipGroup>();
  // An original of an original does not exist in any layout: one step is enough.
  for (const item of items) {
    const leader = (item.original === undefined ? undefined : byId.get(item.original)) ?? item;
    const group = groups.get(leader.id);
    if (!group) groups.set(leader.id, { clips: leader === item ? [item] : [leader, item] });
    else if (item !== leader) group.clips.push(item);
  }
  const units: PrepareUnit[] = [];
  let pictures: PrepareUnit | undefined;
  let taken = 0;
  for (const group of groups.values()) {
    if (taken >= limit) break;
    taken += group.clips.length;
    if (!group.clips.every(({ file }) => isPictureName(file))) units.push({ groups: [group] });
    else {
      if (!pictures || pictures.groups.length >= picturesPerUnit) {
        pictures = { groups: [] };
        units.push(pictures);
      }
      pictures.groups.push(group);
    }
  }
  return units;
}
