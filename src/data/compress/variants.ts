/** The same clip as others would have passed it on: re-encoded, made smaller, cut at its borders. */
import { encodeVideo, type TimedPicture } from '../../media/encode.ts';
import { resizePicture } from '../../media/image.ts';
import { openClip } from '../../media/open.ts';
import type { Picture } from '../../media/types.ts';

export const variantNames = ['excerpt', 'crf-23', 'crf-30', 'crf-40', 'half-size', 'cropped'] as const;
export type VariantName = (typeof variantNames)[number];

interface Variant {
  words: string;
  /** x264's; what is made smaller or cut is encoded well, so that one thing changes at a time. */
  crf: number;
  change?(picture: Picture): Picture | Promise<Picture>;
}

export const variants: Readonly<Record<VariantName, Variant>> = {
  excerpt: { words: 'the same seconds, losslessly', crf: 0 },
  'crf-23': { words: 're-encoded, H.264 at CRF 23', crf: 23 },
  'crf-30': { words: 're-encoded, H.264 at CRF 30', crf: 30 },
  'crf-40': { words: 're-encoded, H.264 at CRF 40', crf: 40 },
  'half-size': {
    words: 'half as wide and high',
    crf: 16,
    change: ({ width, height, data }) =>
      resizePicture({ width, height, data }, even(width / 2), even(height / 2), 'linear'),
  },
  cropped: { words: 'a tenth of each side cut off', crf: 16, change: withoutBorder },
};

/** 4:2:0 has no odd sizes. */
const even = (side: number) => Math.max(2, 2 * Math.round(side / 2));

function withoutBorder({ width, height, data }: Picture): Picture {
  const [left, top] = [Math.floor(width / 20), Math.floor(height / 20)];
  const [w, h] = [even(width - 2 * left - 1), even(height - 2 * top - 1)];
  const out = new Uint8Array(w * h * 3);
  for (let y = 0; y < h; y++) {
    const from = ((top + y) * width + left) * 3;
    out.set(data.subarray(from, from + w * 3), y * w * 3);
  }
  return { width: w, height: h, data: out };
}

/**
 * Writes the first `seconds` of a clip (or picture) as this variant, an mp4 without sound, with its own frame times.
 * Throws what opening the clip throws, and OUTPUT_UNWRITABLE.
 */
export async function writeVariant(
  path: string,
  name: VariantName,
  target: string,
  { seconds, signal }: { seconds: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const { crf, change } = variants[name];
  const clip = await openClip(path);
  try {
    const odd = clip.info.width % 2 === 1 || clip.info.height % 2 === 1;
    await encodeVideo(frames(), target, {
      codec: 'libx264',
      crf,
      pixelFormat: odd && !change ? 'yuv444p' : 'yuv420p',
      codecOptions: { preset: 'veryfast' },
    });
  } finally {
    await clip.close();
  }

  async function* frames(): AsyncGenerator<TimedPicture, void, void> {
    let start: number | undefined;
    for await (const { timeSeconds, width, height, data } of clip.frames({ kind: 'every', step: 1 })) {
      signal?.throwIfAborted();
      start ??= timeSeconds;
      if (timeSeconds - start > seconds) return;
      const picture = { width, height, data };
      yield { ...(change ? await change(picture) : picture), timeSeconds: timeSeconds - start };
    }
  }
}
