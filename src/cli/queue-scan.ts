/** `mesoscope scan --queue`: clips go to the queue that workers share; their results come out as those of a scan. */
import { setTimeout } from 'node:timers/promises';
import { type ErrorCode, errors, UserError } from '../base/errors.ts';
import { failedResult } from '../detect/failed-result.ts';
import type { ClipAnalysis } from '../detect/types.ts';
import { formatSampling } from '../media/sampling.ts';
import { openSigner, type Signer } from '../report/bundle/key.ts';
import { acceptFile, chooseScan } from '../server/accept.ts';
import { finalStatuses } from '../server/api.ts';
import { makeConfig } from '../server/config.ts';
import { findClip, findFullClip } from '../server/database/clips.ts';
import { isLost } from '../server/database/lost.ts';
import type { PriorityName } from '../server/database/turns.ts';
import { evidenceBundle } from '../server/evidence-bundle.ts';
import { artefact } from '../server/storage/artefact-names.ts';
import { forPeople } from '../server/watch/log.ts';
import { type Joined, joinQueue } from '../server/work.ts';
import type { CliContext } from './command.ts';
import { exitCodes, oneLine } from './io.ts';
import { prepareFolder } from './output.ts';
import { type Progress, startProgress } from './progress.ts';
import { senderName } from './queue.ts';
import { Batch, type BatchOptions, findInputs, type Input, type Made } from './scan-batch.ts';

export interface QueueScanOptions extends BatchOptions {
  database: string;
  store: string | undefined;
  sender: string | undefined;
  priority: PriorityName;
  /** List of the detectors that may be named; any where left out. */
  pins: string | undefined;
  /** Name of a bundled detector. */
  detector: string | undefined;
}

/** Clips that are sent ahead of the one whose result is waited for. */
const ahead = 64;
const lookEvery = 500;

/** @returns the exit code. Throws what concerns the batch as a whole: a queue or a store that cannot be used. */
export async function queueScan(context: CliContext, options: QueueScanOptions): Promise<number> {
  const { signal, stderr } = context;
  if (options.out !== undefined) await prepareFolder(options.out);
  const inputs = await findInputs(options.paths);
  const { database, store, pins, bundleKey } = options;
  const signer = bundleKey === undefined ? undefined : await openSigner(bundleKey);
  const config = makeConfig({
    database,
    ...(store === undefined ? {} : { store }),
    ...(pins === undefined ? {} : { pins }),
  });
  const joined = await joinQueue(config, 'sender', {
    log: forPeople((line) => void stderr.write(`mesoscope: ${oneLine(line)}\n`)),
  });
  const progress = startProgress(stderr, inputs.length, options.quiet);
  try {
    const choice = await choose(joined, options);
    const { contract, name, sha256 } = joined.detectors.named(choice.detector);
    const detector = { name: contract.name ?? name, sha256 };
    const batch = new Batch(context, options, { contract, detector }, inputs, progress);
    const sent: Promise<string | Error>[] = [];
    const send = (input: Input | undefined) => {
      if (!input || signal.aborted) return;
      const path = input.path;
      // One after the other: each is read whole, and disks and lines have one head.
      const before = sent.at(-1) ?? Promise.resolve('');
      const next = before.then(() => {
        if (input.problem) return input.problem;
        if (signal.aborted) return errors.INTERRUPTED();
        return acceptFile(joined, path, { ...choice, name: path }).catch((error: Error) =>
          fatal(error, path),
        );
      });
      // Whoever waits for it is told.
      next.catch(() => undefined);
      sent.push(next);
    };
    for (const input of inputs.slice(0, ahead)) send(input);
    for (const [index, { path }] of inputs.entries()) {
      if (signal.aborted) break;
      progress.begin(index, path);
      const id = await sent[index];
      if (id === undefined) break;
      const found =
        id instanceof Error
          ? { analysis: { result: failedResult(path, id, detector), evidence: [] } }
          : await outcome(joined, signer, id, path, detector, signal, progress);
      if (!found) break;
      await batch.take(found.analysis, found.made);
      progress.end();
      send(inputs[index + ahead]);
    }
    await batch.summarise(signal.aborted);
    progress.stop();
    batch.sayHowItWent(signal.aborted);
    if (!signal.aborted) return batch.exitCode();
    stderr.write('mesoscope: what was sent stays in the queue; the same command finds its results\n');
    return Number(signal.reason) || exitCodes.interrupted;
  } finally {
    progress.stop();
    await joined.stop();
  }
}

async function choose(joined: Joined, { detector, sampling, priority, sender }: QueueScanOptions) {
  const client = await senderName(sender);
  return chooseScan(joined, { detector, sample: formatSampling(sampling), priority, client });
}

/** What is wrong with one file is its result; what is wrong with the store or the queue ends the batch. */
function fatal(error: Error, path: string): Error {
  const code = error instanceof UserError ? error.code : (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return errors.CLIP_MISSING(path);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EIO') return errors.CLIP_UNREADABLE(path, code);
  if (typeof code === 'string' && /^(?:CLIP_|UPLOAD_)/.test(code)) return error;
  throw error;
}

/** The result and its page, once they are there; undefined after an abort. */
async function outcome(
  joined: Joined,
  signer: Signer | undefined,
  id: string,
  path: string,
  detector: { name: string; sha256: string },
  signal: AbortSignal,
  progress: Progress,
): Promise<{ analysis: ClipAnalysis; made?: Made } | undefined> {
  const { database, storage } = joined;
  for (; !signal.aborted; await setTimeout(lookEvery, undefined, { signal }).catch(() => undefined)) {
    try {
      const state = await findClip(database, id);
      if (!state) return failed(errors.CLIP_UNKNOWN(id));
      if (state.progress) progress.update({ stage: 'frames', done: state.progress.fraction, total: 1 });
      if (!finalStatuses.includes(state.status)) continue;
      const row = await findFullClip(database, id);
      const result = row?.document?.result;
      if (!row || !result) {
        const { code, title, next } = row?.error ?? { code: 'CLIP_CANCELLED', title: '', next: '' };
        return failed(
          code === 'CLIP_CANCELLED'
            ? errors.CLIP_CANCELLED(path)
            : new UserError(code as ErrorCode, title, next),
        );
      }
      const page = await storage.artefact(id, row.attempts, artefact.report);
      const made: Made = {
        ...(page ? { page: page.toString('utf8') } : {}),
        ...(signer ? { bundle: (await evidenceBundle({ ...joined, signer }, id)).bytes } : {}),
      };
      return { analysis: { result, evidence: [] }, made };
    } catch (error) {
      // The runner tells that the database is away; the results wait there.
      if (!isLost(error)) throw error;
    }
  }
  return undefined;

  function failed(error: UserError) {
    return { analysis: { result: failedResult(path, error, detector), evidence: [] } };
  }
}
