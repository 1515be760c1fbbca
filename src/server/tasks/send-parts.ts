/** `dataset prepare` by workers: the units of a build go out as tasks, and their parts come back in the build's order. */
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, errors, UserError } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import { adoptPart, PartInvalidError, partRecordSchema } from '../../data/build/adopt-part.ts';
import type { ElsewhereWork } from '../../data/build/build.ts';
import { type PartRecord, type UnitResult, writePart } from '../../data/build/part.ts';
import type { PrepareSettings } from '../../data/prepare/group.ts';
import { isPictureName } from '../../data/prepare/picture-names.ts';
import { moveKey } from '../../data/prepare/sample-key.ts';
import { formatSetSampling } from '../../data/prepare/sampling.ts';
import type { NumberedUnit } from '../../data/prepare/unit.ts';
import { readThrough } from '../../data/shards.ts';
import type { SourceItem } from '../../data/source.ts';
import type { TaskState } from '../database/tasks.ts';
import type { Sender } from '../database/turns.ts';
import type { Joined } from '../work.ts';
import { fetchResult, takeResult } from './fetch-result.ts';
import { partFiles } from './part-files.ts';
import { type AbsentFile, type PreparePayload, type SentFile, taskKey } from './payload.ts';
import { endOfTask, type HashedFile, hashFile, sendTask } from './send.ts';
import { senderFolder } from './sender-folder.ts';

/** Parts that are sent ahead of the one that is waited for. */
const ahead = 64;

/** What says that a part's own files are at fault, and would be again: it is listed as failed, and the set is made. */
const ofTheFiles = /^TASK_(?:MEMORY|TIME|CPU|CRASHED)$/;

export interface SendOptions {
  sender: Sender;
  signal: AbortSignal;
}

/** For `prepare`'s `make`. @throws STORE_UNREACHABLE, CLIP_UNREADABLE, TASK_RESULT_INVALID, and how else a part ended */
export function preparedByWorkers(joined: Joined, { sender, signal }: SendOptions) {
  return async (work: ElsewhereWork<PrepareSettings, NumberedUnit>): Promise<void> => {
    const { waiting, units, settings, take } = work;
    const sent: Promise<string>[] = [];
    let over = false;
    const send = (n: number) => {
      if (n >= waiting.length) return;
      // One after the other: each is read whole, and disks and lines have one head.
      const before = sent.at(-1) ?? Promise.resolve('');
      const next = before.then(() =>
        over || signal.aborted ? '' : sendPart(joined, sender, units[waiting[n]], settings),
      );
      // Whoever waits for it is told.
      next.catch(() => undefined);
      sent.push(next);
    };
    for (let n = 0; n < ahead; n++) send(n);
    try {
      for (const [n, unit] of waiting.entries()) {
        const key = await sent[n];
        if (key === '') return;
        const part = await takeResult(
          joined,
          () => endOfTask(joined, key, signal),
          () => sendPart(joined, sender, units[unit], settings),
          (state) => takePart(joined, work, unit, state),
        );
        if (!part) return;
        await take(part);
        send(n + ahead);
      }
    } finally {
      over = true;
      await sent.at(-1)?.catch(() => undefined);
    }
  };
}

/** @returns the task's key */
async function sendPart(
  joined: Joined,
  sender: Sender,
  { groups }: NumberedUnit,
  { folder, crop, sampling, size, format, jpegQuality, faces, leastFace }: PrepareSettings,
): Promise<string> {
  const files: (SentFile | AbsentFile)[] = [];
  const local: HashedFile[] = [];
  const copies: string[] = [];
  try {
    for (const file of filesOf(groups.flatMap(({ clips }) => clips))) {
      const found = await hashed(joined, folder, file, copies);
      if (typeof found === 'string') files.push({ file, absent: found });
      else {
        files.push({ file, sha256: found.sha256, bytes: found.bytes });
        local.push(found);
      }
    }
    const payload: PreparePayload = {
      mesoscope: version,
      groups: groups.map(({ clips }) => ({ clips: clips.map(neededOf) })),
      settings: {
        ...{ crop, sampling: formatSetSampling(sampling), size, format, jpegQuality, faces, leastFace },
      },
      files,
    };
    const key = taskKey('prepare', payload);
    const name = `The part of ${groups[0].clips[0].id}`;
    await sendTask(joined, { kind: 'prepare', key, name, payload, ...sender }, local);
    return key;
  } finally {
    for (const copy of copies) await rm(copy, { force: true });
  }
}

/** Masks count for pictures alone: those of videos are made from the difference to the original. */
function filesOf(clips: readonly SourceItem[]): Set<string> {
  return new Set(
    clips.flatMap(({ file, mask }) =>
      mask !== undefined && isPictureName(mask) && isPictureName(file) ? [file, mask] : [file],
    ),
  );
}

/** Of landmarks and points nothing is used, and they would make other tasks of the same. */
function neededOf({ points: _, landmarks: __, ...clip }: SourceItem): SourceItem {
  return clip;
}

/** The file, or the system's word for why there is none: the part tells that as a local build would. */
async function hashed(
  { storage }: Joined,
  folder: string,
  file: string,
  copies: string[],
): Promise<HashedFile | string> {
  try {
    const inside = await readThrough(join(folder, file));
    if (typeof inside === 'string') return await hashFile(inside);
    const copy = storage.upload(randomUUID());
    copies.push(copy);
    await writeFile(copy, inside);
    return await hashFile(copy);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder, a pipe, a shard that is broken: nothing that a local build could read either.
    return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? code : describe(error).slice(0, 40);
  }
}

async function takePart(
  joined: Joined,
  {
    folder,
    units,
    settings,
  }: Pick<ElsewhereWork<PrepareSettings, NumberedUnit>, 'folder' | 'units' | 'settings'>,
  number: number,
  state: TaskState,
): Promise<PartRecord> {
  const unit = units[number];
  const clips = unit.groups.flatMap((group) => group.clips);
  if (state.status === 'failed') return writePart(folder, number, failedUnit(clips, state));
  const [tar, json] = [joined.storage.upload(randomUUID()), joined.storage.upload(randomUUID())];
  try {
    await fetchResult(joined, state, partFiles.json, json);
    await fetchResult(joined, state, partFiles.tar, tar);
    const record = recordFor(clips, settings, JSON.parse(await readFile(json, 'utf8')));
    return await adoptPart(folder, number, tar, record, (key) => moveKey(key, unit.first));
  } catch (error) {
    if (!(error instanceof PartInvalidError || error instanceof SyntaxError)) throw error;
    throw errors.TASK_RESULT_INVALID(state.name, describe(error));
  } finally {
    await rm(tar, { force: true });
    await rm(json, { force: true });
  }
}

/** What the worker's process says is checked, and tells of the sender's own folder. @throws PartInvalidError */
function recordFor(clips: readonly SourceItem[], { folder }: PrepareSettings, raw: unknown): PartRecord {
  const parsed = partRecordSchema.safeParse(raw);
  if (!parsed.success) throw new PartInvalidError(parsed.error.issues[0].message);
  const record: PartRecord = parsed.data;
  for (const { item } of record.samples) {
    const clip = clips.find(({ id }) => item.id.startsWith(`${id}/`));
    const same = (
      ['label', 'method', 'videoId', 'sourceId', 'compression', 'licence', 'split'] as const
    ).every((name) => clip?.[name] === item[name]);
    if (!same) throw new PartInvalidError(`${JSON.stringify(item.id)} is no picture of its clips`);
  }
  const told = (reason: string) =>
    [...filesOf(clips)].reduce(
      (words, file) => words.replaceAll(join(senderFolder, file), join(folder, file)),
      reason,
    );
  return { ...record, failures: record.failures.map((it) => ({ ...it, reason: told(it.reason) })) };
}

/** A part whose files broke its process: its clips are listed as failed. @throws how it ended, where that says nothing of them */
function failedUnit(clips: readonly SourceItem[], { error }: TaskState): UnitResult {
  const { code, title, next } = error ?? { code: 'INTERNAL', title: 'It failed.', next: '' };
  if (!ofTheFiles.test(code)) throw new UserError(code as UserError['code'], title, next);
  return {
    samples: [],
    dropped: [],
    failures: clips.map(({ id, file }) => ({ id, file, reason: `${code}: ${title}` })),
    counts: {},
  };
}
