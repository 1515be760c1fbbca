/** `dataset synthesize`: a set of forgeries, with masks, from pictures of real faces. */
import { resolve } from 'node:path';
import { errors } from '../../base/errors.ts';
import { type BuildOptions, build } from '../build/build.ts';
import type { SetReport } from '../build/report.ts';
import { applyExclusions, type Exclusions } from '../exclusions.ts';
import { type ForgeryMix, forgeryKinds, forgeryMixSchema } from '../forgery/index.ts';
import { isPictureName } from '../prepare/picture-names.ts';
import type { SourceSet } from '../source.ts';
import { planOrders, type SynthesizeUnit } from './plan.ts';
import type { SynthesizeSettings } from './worker.ts';

/** Half of it leaves as few traces as can be; the rest leaves those of the forgeries that people meet. */
export const defaultMix: ForgeryMix = {
  'self-blend': 5,
  'face-blend': 2,
  'face-swap': 1,
  'autoencoder-texture': 1,
  'expression-warp': 1,
  'mouth-blend': 1,
  'hard-negative': 1,
};

/** `self-blend=4,face-swap=1`, or a single name. Throws USAGE. */
export function parseMix(text: string): ForgeryMix {
  const entries = text.split(',').map((part) => part.split('='));
  const parsed = forgeryMixSchema.safeParse(
    Object.fromEntries(entries.map(([kind, weight]) => [kind, weight === undefined ? 1 : Number(weight)])),
  );
  if (parsed.success) return parsed.data;
  throw errors.USAGE(`"${text}" is no mix of forgeries: use KIND=WEIGHT,… of ${forgeryKinds.join(', ')}.`);
}

type FromBuild = 'workers' | 'manifest' | 'shardBytes' | 'onBegin' | 'onUnit' | 'signal';

export interface SynthesizeOptions
  extends Omit<SynthesizeSettings, 'folder'>,
    Pick<BuildOptions<SynthesizeSettings, SynthesizeUnit>, FromBuild> {
  out: string;
  mix: ForgeryMix;
  /** Pairs of each picture. */
  perImage: number;
  exclude?: Exclusions;
  limit?: number | undefined;
}

/** Uses the real pictures of a source; throws what `build` throws, and DATA_EMPTY. */
export async function synthesize(source: SourceSet, options: SynthesizeOptions): Promise<SetReport> {
  const { out, mix, perImage, exclude, limit, seed, crop, format, jpegQuality, post, grain, ...forBuild } =
    options;
  const pictures = source.items.filter(
    ({ label, method, file }) => label === 0 && method === 'original' && isPictureName(file),
  );
  const { items, dropped: leftOut } = applyExclusions(pictures, exclude ?? new Map());
  if (items.length === 0) {
    const videos = source.items.some(({ file }) => !isPictureName(file));
    throw errors.DATA_EMPTY(
      source.folder,
      videos ? 'it holds videos; run `mesoscope dataset prepare` first' : 'it holds no picture that is real',
    );
  }
  const settings: SynthesizeSettings = {
    folder: resolve(source.folder),
    seed,
    crop,
    format,
    jpegQuality,
    ...(post === false ? { post } : {}),
    ...(grain === undefined ? {} : { grain }),
  };
  const units = await planOrders(settings.folder, items.slice(0, limit), { mix, seed, perImage });
  return build<SynthesizeSettings, SynthesizeUnit>({
    ...forBuild,
    out,
    kind: 'synthesize',
    plan: { layout: source.layout, ...settings, mix, perImage },
    units,
    worker: 'data/synthesize/worker.ts',
    settings,
    dropped: source.dropped,
    leftOut,
    nameOf: ({ orders }) => orders[0].item.id,
  });
}
