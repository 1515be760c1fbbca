/** What a part of a data set needs of the worker: the bytes of its files, which come from the store by ranges. */
import { errors } from '../../base/errors.ts';
import type { BegunTask } from '../database/task-steps.ts';
import type { TaskMedia } from '../database/tasks.ts';
import { RangeCache } from '../storage/range-cache.ts';
import { partFiles } from './part-files.ts';
import { readPayload } from './payload.ts';
import type { Ground, TaskParts } from './run-task.ts';

/** Pieces of 1 MiB that are kept of all files of a part together. */
const cachedPieces = 64;

/** @throws TASK_INVALID, TASK_OTHER_VERSION */
export function prepareGround(
  { storage, config }: Pick<TaskParts, 'storage' | 'config'>,
  task: BegunTask,
  media: readonly TaskMedia[],
  out: string,
): Ground {
  const payload = readPayload('prepare', task);
  const ids = new Map(media.map((file) => [file.sha256, file.id]));
  const blocks = Math.max(4, Math.floor(cachedPieces / payload.files.length));
  const open = new Map<number, Promise<RangeCache>>();
  const openFile = async (number: number): Promise<RangeCache> => {
    const sent = payload.files[number];
    if (sent === undefined || 'absent' in sent)
      throw errors.TASK_INVALID(task.name, `it has no file ${number}`);
    const id = ids.get(sent.sha256);
    const file = id && (await storage.openMedia(id));
    if (!file) throw errors.TASK_FILE_GONE(task.name, sent.file);
    return new RangeCache(file, { blocks });
  };
  return {
    task: { kind: 'prepare', payload, out },
    limits: config.prepare,
    read: [],
    leaves: Object.values(partFiles),
    ranges: async (number, at, length) => {
      let file = open.get(number);
      if (!file) {
        file = openFile(number);
        open.set(number, file);
      }
      return (await file).read(at, length);
    },
  };
}
