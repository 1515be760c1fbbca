/** A clip whose file was analysed before, by the same detector with the same settings, is given that result. */
import { describe } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { JobLog } from '../../report/bundle/log.ts';
import { renameReport } from '../../report/rename.ts';
import { type ClipRow, type FullClipRow, findFullClip } from '../database/clips.ts';
import type { Database, Queries } from '../database/database.ts';
import type { Begun } from '../database/steps.ts';
import { artefact, bundledName } from '../storage/artefact-names.ts';
import type { Storage } from '../storage/storage.ts';
import { type Log, secondsSince, tryOf } from '../watch/log.ts';
import type { Traces } from '../watch/traces.ts';
import { finishSurely } from './finish-surely.ts';
import type { ClipDocument } from './messages.ts';
import type { Queue } from './queue.ts';
import { replayOf } from './replay.ts';

/** The oldest finished clip of the same key. Failures are not known results: whatever was wrong may be mended. */
export async function findKnown(
  queries: Queries,
  { id, key }: Pick<ClipRow, 'id' | 'key'>,
): Promise<FullClipRow | undefined> {
  if (key === null) return undefined;
  const [row] = await queries.query<{ id: string }>(
    "select id from mesoscope.clip where key = $1 and status = 'done' and id <> $2 order by number limit 1",
    [key, id],
  );
  return row && findFullClip(queries, row.id);
}

interface Parts {
  database: Database;
  queue: Queue;
  storage: Storage;
  log: Log;
  traces: Traces;
}

/** @returns false where nothing is known, and the clip is still to be analysed. */
export async function giveKnown(parts: Parts, clip: Begun, signal: AbortSignal): Promise<boolean> {
  const { database, queue, storage, log, traces } = parts;
  const begun = performance.now();
  const known = await findKnown(database, clip);
  if (!known?.document) return false;
  const span = traces.begin('clip give', { parent: clip.trace, attributes: { 'mesoscope.clip': clip.id } });
  const document = renamed(known.document, known, clip);
  const place = { id: clip.id, attempt: clip.attempts };
  try {
    await storage.copyAttempt({ id: known.id, attempt: known.attempts }, place);
    const changed = await renamePages(storage, place, known.document, document);
    await logGift(storage, place, known.id, clip, changed);
  } catch (error) {
    // Its files went while they were copied, or cannot be read: an analysis of our own is never wrong.
    log.tell('not given', { ...tryOf(clip), from: known.id, why: describe(error) });
    await storage.removeAttempt(place.id, place.attempt);
    span.end({}, 'STORE_UNREACHABLE');
    return false;
  }
  const kept = await finishSurely(database, queue, clip, { status: 'done', document }, signal).finally(() =>
    span.end(),
  );
  const ended = { ...tryOf(clip), seconds: secondsSince(begun) };
  if (kept) log.tell('given', { ...ended, from: known.id, verdict: document.result?.verdict ?? '' });
  else {
    log.tell('dropped', ended);
    await storage.removeAttempt(place.id, place.attempt);
  }
  return true;
}

/** The same findings, of a file that this sender calls otherwise, with addresses below this clip. */
function renamed(document: ClipDocument, from: FullClipRow, to: Begun): ClipDocument {
  const { result } = document;
  const url = <T extends { url: string }>(picture: T): T => ({
    ...picture,
    url: picture.url.replace(`/api/clips/${from.id}/`, `/api/clips/${to.id}/`),
  });
  return {
    ...document,
    result: result && { ...result, clip: { ...result.clip, path: to.name } },
    evidence: document.evidence.map(url),
    maps: document.maps.map(url),
    replay: document.replay === null ? null : replayOf(to),
  };
}

async function renamePages(
  storage: Storage,
  { id, attempt }: { id: string; attempt: number },
  before: ClipDocument,
  after: ClipDocument,
): Promise<Record<string, Buffer>> {
  const { result } = after;
  const changed: Record<string, Buffer> = {};
  if (!result || !before.result || result.clip.path === before.result.clip.path) return changed;
  const page = await storage.artefact(id, attempt, artefact.report);
  if (page) {
    const html = renameReport(
      page.toString('utf8'),
      { path: before.result.clip.path, replay: before.replay ?? '' },
      { path: result.clip.path, replay: after.replay ?? '' },
    );
    changed[artefact.report] = Buffer.from(html);
  }
  changed[artefact.result] = Buffer.from(`${JSON.stringify(result, null, 2)}\n`);
  for (const [name, bytes] of Object.entries(changed)) await storage.putArtefact(id, attempt, name, bytes);
  return changed;
}

/** The log of the analysis goes on: whose result it was, and what was written anew under the other name. */
async function logGift(
  storage: Storage,
  { id, attempt }: { id: string; attempt: number },
  from: string,
  clip: Begun,
  changed: Readonly<Record<string, Buffer>>,
): Promise<void> {
  const kept = await storage.artefact(id, attempt, artefact.log);
  // Analyses of an older version left none.
  if (!kept) return;
  const log = new JobLog(kept.toString('utf8'));
  const files = Object.entries(changed).map(([name, bytes]) => [bundledName(name), sha256(bytes)]);
  log.add('given', { from, clip: clip.id, name: clip.name, files: Object.fromEntries(files) });
  await storage.putArtefact(id, attempt, artefact.log, Buffer.from(log.toString()));
}
