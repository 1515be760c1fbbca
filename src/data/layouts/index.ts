/** All layouts behind one function. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errors } from '../../base/errors.ts';
import { type Label, readManifest } from '../manifest.ts';
import type { SourceSet } from '../source.ts';
import { readCelebDf } from './celebdf.ts';
import { readCsv } from './csv.ts';
import { readDeepfakeBench } from './deepfakebench.ts';
import { readDfdc } from './dfdc.ts';
import { readFfpp } from './ffpp.ts';
import { readFolder } from './folder.ts';

export const layoutNames = ['ffpp', 'celebdf', 'dfdc', 'deepfakebench', 'folder', 'csv', 'manifest'] as const;
export type LayoutName = (typeof layoutNames)[number];

export interface SourceOptions {
  /** Found out from what lies there where it is left out. */
  layout?: LayoutName | undefined;
  /** All items are this (folders and CSV files). */
  label?: Label | undefined;
  real?: string | undefined;
  fake?: string | undefined;
  /** FaceForensics++: only this compression. */
  compression?: string | undefined;
  /** DeepfakeBench: the folder that frame paths start from. */
  root?: string | undefined;
}

/** Opens a source by its layout. Throws what the layout's reader throws, and CLIP_MISSING. */
export async function openSource(path: string, options: SourceOptions = {}): Promise<SourceSet> {
  const full = resolve(path);
  if (!existsSync(full)) throw errors.CLIP_MISSING(path);
  const layout = options.layout ?? guessLayout(full, options);
  switch (layout) {
    case 'ffpp':
      return readFfpp(full, options);
    case 'celebdf':
      return readCelebDf(full);
    case 'dfdc':
      return readDfdc(full);
    case 'deepfakebench':
      return readDeepfakeBench(full, options.root === undefined ? {} : { root: resolve(options.root) });
    case 'folder':
      return readFolder(full, options);
    case 'csv':
      return readCsv(full, options);
    case 'manifest': {
      const { folder, items, dropped } = await readManifest(manifestPath(full) ?? full);
      return { folder, layout, items, dropped };
    }
  }
}

/** The manifest of a data set's folder, or the path itself where it is one. */
export function manifestPath(path: string): string | undefined {
  const names = ['manifest.csv', 'manifest.parquet'];
  if (!statSync(path).isDirectory()) return names.some((name) => path.endsWith(name)) ? path : undefined;
  return names.map((name) => join(path, name)).find(existsSync);
}

function guessLayout(path: string, { label }: SourceOptions): LayoutName {
  if (manifestPath(path) !== undefined) return 'manifest';
  if (!statSync(path).isDirectory()) {
    if (path.endsWith('.json')) return 'deepfakebench';
    return hasManifestColumns(path) ? 'manifest' : 'csv';
  }
  const has = (name: string) => existsSync(join(path, name));
  if (has('original_sequences') || has('manipulated_sequences')) return 'ffpp';
  if (has('Celeb-real') || has('Celeb-synthesis')) return 'celebdf';
  if (label === undefined && has('metadata.json')) return 'dfdc';
  return 'folder';
}

/** A manifest under another name: a part of one, say. */
function hasManifestColumns(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(4096);
    const [head] = start.subarray(0, readSync(file, start)).toString('utf8').split(/\r?\n/, 1);
    const columns = head.replace(/^\ufeff/, '').split(',');
    return ['id', 'file', 'label', 'videoId', 'sourceId'].every((column) => columns.includes(column));
  } finally {
    closeSync(file);
  }
}
