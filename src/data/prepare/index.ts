/** `dataset prepare`: videos → sampled frames → tracks → crops → shards. */
import { resolve } from 'node:path';
import { errors } from '../../base/errors.ts';
import { type BuildOptions, build } from '../build/build.ts';
import type { SetReport } from '../build/report.ts';
import { applyExclusions, type Exclusions } from '../exclusions.ts';
import { splitNames } from '../manifest.ts';
import type { SourceItem, SourceSet } from '../source.ts';
import { type SplitOptions, splitBySource } from '../split.ts';
import type { PrepareSettings } from './group.ts';
import { planUnits } from './plan.ts';
import { formatSetSampling } from './sampling.ts';
import type { NumberedUnit } from './unit.ts';

type FromBuild = 'workers' | 'manifest' | 'shardBytes' | 'onBegin' | 'onUnit' | 'signal' | 'make';

export interface PrepareOptions
  extends Omit<PrepareSettings, 'folder'>,
    Pick<BuildOptions<PrepareSettings, NumberedUnit>, FromBuild> {
  out: string;
  /** Items of the source, or all under an id, that are not looked at. */
  exclude?: Exclusions;
  /** At most about this many clips. */
  limit?: number | undefined;
  /**
   * Gives every clip a side before anything is decoded (002: "we need to split the data before preprocessing", each
   * side balanced); clips that are over are left out. The source's own sides where left out.
   */
  split?: SplitOptions | undefined;
}

/** Throws what `build` throws, and DATA_EMPTY. */
export async function prepare(source: SourceSet, options: PrepareOptions): Promise<SetReport> {
  const {
    out,
    exclude,
    limit,
    split,
    crop,
    sampling,
    size,
    format,
    jpegQuality,
    faces,
    leastFace,
    ...forBuild
  } = options;
  const allowed = applyExclusions(source.items, exclude ?? new Map());
  const { items, dropped } = split ? sided(allowed.items, split) : allowed;
  if (items.length === 0) {
    const why = [...new Set([...source.dropped, ...dropped].map(({ reason }) => reason))]
      .slice(0, 3)
      .join(', ');
    throw errors.DATA_EMPTY(source.folder, why || 'no clip');
  }
  let first = 0;
  const units = planUnits(items, limit).map((unit): NumberedUnit => {
    const numbered = { ...unit, first };
    first += unit.groups.reduce((sum, { clips }) => sum + clips.length, 0);
    return numbered;
  });
  const settings: PrepareSettings = {
    folder: resolve(source.folder),
    crop,
    sampling,
    size,
    format,
    jpegQuality,
    faces,
    leastFace,
  };
  return build<PrepareSettings, NumberedUnit>({
    ...forBuild,
    out,
    kind: 'prepare',
    plan: { layout: source.layout, ...settings, sampling: formatSetSampling(sampling), split },
    units,
    worker: 'data/prepare/worker.ts',
    settings,
    dropped: source.dropped,
    leftOut: [...allowed.dropped, ...dropped.filter((item) => !allowed.dropped.includes(item))],
    nameOf: ({ groups }) => groups[0].clips[0].id,
  });
}

function sided(items: readonly SourceItem[], options: SplitOptions) {
  const sides = splitBySource(items, options);
  const side = new Map(splitNames.flatMap((name) => sides[name].map(({ id }) => [id, name] as const)));
  return {
    items: items.flatMap((item) => {
      const split = side.get(item.id);
      return split ? [{ ...item, split }] : [];
    }),
    dropped: sides.dropped,
  };
}
