/** DeepfakeBench's JSON (Yan et al. 2023): read and written, so that sets travel between the two. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { describe, errors } from '../../base/errors.ts';
import type { Item, SplitName } from '../manifest.ts';
import { gather, type SourceSet } from '../source.ts';

const video = z.object({
  label: z.string(),
  frames: z.array(z.string()),
  masks: z.array(z.string()).optional(),
});
type Video = z.output<typeof video>;
const videos = z.record(z.string(), video);
/** FaceForensics++ has one level more than the others: the compression. */
const side = z.union([videos, z.record(z.string(), videos)]);
const document = z.record(z.string(), z.record(z.string(), z.record(z.string(), side)));

const splits: Readonly<Record<string, SplitName>> = { train: 'train', val: 'validation', test: 'test' };

/**
 * Reads `{SET: {FF-DF: {train: {c23: {"183_253": {label: "FF-DF", frames: [...], masks: [...]}}}}}}`, or the same
 * without `c23`. Labels that end in `real`/`Real` are real. Frame paths start at `root` (the `rgb` folder, or the JSON's
 * own); Windows separators are understood. Items are pictures; the video's id carries set and label, because the same
 * name stands in several (`183_253` of four methods). A mask belongs to the frame of its place in the list where the
 * lists are equally long. Throws LAYOUT_INVALID.
 */
export function readDeepfakeBench(
  path: string,
  { root = dirname(path) }: { root?: string | undefined } = {},
): SourceSet {
  let data: z.output<typeof document>;
  try {
    data = document.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (thrown) {
    const reason =
      thrown instanceof z.ZodError
        ? `${thrown.issues[0].path.join('.') || 'top'}: ${thrown.issues[0].message}`
        : describe(thrown);
    throw errors.LAYOUT_INVALID(path, 'deepfakebench', reason);
  }
  const out = gather(root, 'deepfakebench');
  const flat = (text: string) => text.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
  const addVideo = (
    set: string,
    kind: string,
    split: string,
    compression: string | undefined,
    name: string,
    entry: Video,
  ) => {
    const real = /real$/i.test(entry.label);
    const videoId = [set, kind, compression, name].filter((part) => part !== undefined).join('/');
    const masks = entry.masks?.length === entry.frames.length ? entry.masks : undefined;
    if (entry.masks && entry.masks.length > 0 && !masks) {
      out.drop(
        videoId,
        videoId,
        `${entry.masks.length} masks for ${entry.frames.length} frames: masks left out`,
      );
    }
    for (const [i, frame] of entry.frames.entries()) {
      out.add({
        id: `${videoId}/${i}`,
        file: flat(frame),
        label: real ? 0 : 1,
        method: real ? 'original' : kind,
        videoId,
        sourceId: name.split('_').join('+'),
        ...(compression === undefined ? {} : { compression }),
        ...(splits[split] ? { split: splits[split] } : {}),
        ...(masks ? { mask: flat(masks[i]) } : {}),
      });
    }
  };
  for (const [set, kinds] of Object.entries(data)) {
    for (const [kind, sides] of Object.entries(kinds)) {
      for (const [split, content] of Object.entries(sides)) {
        for (const [name, value] of Object.entries(content)) {
          if (isVideo(value)) addVideo(set, kind, split, undefined, name, value);
          else
            for (const [id, entry] of Object.entries(value as Record<string, Video>))
              addVideo(set, kind, split, name, id, entry);
        }
      }
    }
  }
  return out.finish();
}

const isVideo = (value: Video | Record<string, Video>): value is Video => Array.isArray(value.frames);

/**
 * The same JSON of items, frames in the order of their files. Items without a split are for training. A video is named
 * by the last part of its id, as DeepfakeBench has it, unless two of one group would then be one.
 */
export function writeDeepfakeBench(name: string, items: readonly Item[]): string {
  const words: Readonly<Record<SplitName, string>> = { train: 'train', validation: 'val', test: 'test' };
  const kinds: Record<string, Record<string, Record<string, Record<string, Video>>>> = {};
  const owners = new Map<string, string>();
  for (const item of [...items].sort((a, b) => (a.file < b.file ? -1 : 1))) {
    const label = item.label === 0 ? `${name}-Real` : `${name}-${item.method}`;
    const split = words[item.split ?? 'train'];
    const compression = item.compression ?? 'raw';
    kinds[label] ??= {};
    kinds[label][split] ??= {};
    kinds[label][split][compression] ??= {};
    const group = kinds[label][split][compression];
    const last = item.videoId.slice(item.videoId.lastIndexOf('/') + 1);
    const place = [label, split, compression, last].join('\0');
    const owner = owners.get(place) ?? item.videoId;
    owners.set(place, owner);
    const video = owner === item.videoId ? last : item.videoId;
    group[video] ??= { label, frames: [], masks: [] };
    group[video].frames.push(item.file);
    if (item.mask !== undefined) group[video].masks?.push(item.mask);
  }
  return `${JSON.stringify({ [name]: kinds }, null, 1)}\n`;
}
