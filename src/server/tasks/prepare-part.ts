/** A part of a data set, made in the process of a task: as a thread of `dataset prepare` makes it, from files elsewhere. */
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';
import { writePart } from '../../data/build/part.ts';
import { parseSetSampling } from '../../data/prepare/sampling.ts';
import { decodingThreads, type SourceFiles } from '../../data/prepare/source-files.ts';
import { prepareUnit } from '../../data/prepare/unit.ts';
import { openFinder } from '../../faces/open-finder.ts';
import { setPictureThreads } from '../../media/image.ts';
import { openClip } from '../../media/open.ts';
import type { ByteSource } from '../../media/types.ts';
import type { Parent } from '../jobs/parent.ts';
import { remoteFiles } from '../jobs/remote-file.ts';
import type { FromTask, ToTask } from './messages.ts';
import type { PreparePayload } from './payload.ts';
import { senderFolder } from './sender-folder.ts';

/** Part number 0 of the folder: see data/build/part.ts. */
export async function preparePart(
  { payload, out }: Extract<ToTask, { kind: 'prepare' }>,
  parent: Parent<ToTask, FromTask>,
): Promise<null> {
  // Threads and their number as in `dataset prepare`: sums of the networks then come out the same.
  setPictureThreads(1);
  const finder = await openFinder({ threads: 1 });
  try {
    const { groups, settings } = payload;
    const sampling = parseSetSampling(settings.sampling);
    const unit = { groups, first: 0 };
    const made = await prepareUnit(
      unit,
      { ...settings, sampling, folder: senderFolder },
      finder,
      filesOf(payload, parent),
    );
    await writePart(out, 0, made);
  } finally {
    await finder.close();
  }
  return null;
}

function filesOf({ files }: PreparePayload, parent: Parent<ToTask, FromTask>): SourceFiles {
  const numbers = new Map(files.map(({ file }, number) => [file, number]));
  const remote = remoteFiles({
    ...parent,
    // The schema wants the file's number, which is always told here.
    tell: (ask) => parent.tell({ file: 0, ...ask }),
  });
  const sourceOf = (file: string): ByteSource => {
    const number = numbers.get(file);
    const sent = number === undefined ? undefined : files[number];
    const path = join(senderFolder, file);
    if (sent === undefined || ('absent' in sent && /^ENO(?:ENT|TDIR)$/.test(sent.absent))) {
      throw errors.CLIP_MISSING(path);
    }
    if ('absent' in sent) throw errors.CLIP_UNREADABLE(path, sent.absent);
    return remote(path, sent.bytes, number);
  };
  return {
    open: async (file) =>
      openClip(join(senderFolder, file), { threads: decodingThreads, source: sourceOf(file) }),
    mask: async (file) => {
      const source = sourceOf(file);
      const pieces: Uint8Array[] = [];
      const piece = 4 * 2 ** 20;
      for (let at = 0; at < source.size; at += piece) {
        pieces.push(await source.read(at, Math.min(piece, source.size - at)));
      }
      return Buffer.concat(pieces);
    },
  };
}
