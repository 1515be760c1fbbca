/** The end of a build: the manifest, and a report that says what was left out and why. */
import { join } from 'node:path';
import { version } from '../../base/version.ts';
import { applyExclusions, exclusionsIn } from '../exclusions.ts';
import { countDropped, type DroppedItem, formatManifest, type Item } from '../manifest.ts';
import type { BuildOptions } from './build.ts';
import type { DroppedFrame, Failure } from './part.ts';
import type { Sealer } from './sealing.ts';
import { writeWholeText } from './whole-file.ts';

export interface SetReport {
  schema: 'mesoscope.dataset/1';
  mesoscope: string;
  kind: string;
  plan: Readonly<Record<string, unknown>>;
  items: number;
  real: number;
  manipulated: number;
  masks: number;
  methods: Readonly<Record<string, number>>;
  /** Added up over units. */
  counts: Readonly<Record<string, number>>;
  shards: { name: string; bytes: number; sha256: string; items: number }[];
  /** How much was left out, by reason. */
  droppedByReason: { reason: string; count: number }[];
  /** Every frame or face that was left out. */
  dropped: DroppedFrame[];
  /** What the source names and could not be used: absent and broken files, ids twice, half shards made anew. */
  failures: Failure[];
}

/** Writes `manifest.csv` (or `.parquet`) and `report.json`. */
export async function finish<S, U>(
  options: Pick<BuildOptions<S, U>, 'out' | 'kind' | 'plan' | 'manifest' | 'dropped' | 'leftOut'>,
  sealer: Sealer,
  seconds: number,
): Promise<SetReport> {
  const { out, kind, plan, manifest } = options;
  const all: Item[] = [];
  const dropped: DroppedFrame[] = (options.leftOut ?? []).map(({ id, reason }) => ({ id, reason }));
  const failures: Failure[] = [...options.dropped];
  const counts: Record<string, number> = {};
  for (const { name, parts } of sealer.shards) {
    for (const part of parts) {
      for (const { key, item, image, mask } of part.samples) {
        const base = `shards/${name}/${key}`;
        all.push({
          ...item,
          file: `${base}.${image}`,
          ...(mask ? { mask: `${base}.mask.png` } : {}),
          landmarks: `${base}.json`,
        });
      }
      dropped.push(...part.dropped);
      failures.push(...part.failures);
      for (const [key, value] of Object.entries(part.counts)) counts[key] = (counts[key] ?? 0) + value;
    }
  }
  // Marks made after a look at the set; its shards stay as they are, nobody reads the excluded ones through it.
  const { items, dropped: excluded } = applyExclusions(all, await exclusionsIn(out));
  dropped.push(...excluded.map(({ id, reason }: DroppedItem) => ({ id, reason })));
  const methods: Record<string, number> = {};
  for (const { method } of items) methods[method] = (methods[method] ?? 0) + 1;
  const report: SetReport = {
    schema: 'mesoscope.dataset/1',
    mesoscope: version,
    kind,
    plan,
    items: items.length,
    real: items.filter(({ label }) => label === 0).length,
    manipulated: items.filter(({ label }) => label === 1).length,
    masks: items.filter(({ mask }) => mask !== undefined).length,
    methods,
    counts: { ...counts, lastRunSeconds: round(seconds) },
    shards: sealer.shards.map(({ name, bytes, sha256, parts }) => ({
      name,
      bytes,
      sha256,
      items: parts.reduce((sum, part) => sum + part.samples.length, 0),
    })),
    droppedByReason: countDropped(
      dropped.flatMap(({ reason, count = 1 }) => Array.from({ length: count }, () => ({ reason }))),
    ),
    dropped,
    failures,
  };
  await writeWholeText(join(out, `manifest.${manifest}`), formatManifest(items, manifest));
  await writeWholeText(join(out, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  return report;
}

const round = (value: number) => Math.round(value * 1000) / 1000;
