/** `mesoscope scan --archive`: any number of files, the same memory; killed anywhere, it goes on; it can watch. */
import { stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, UserError } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { failedResult } from '../../detect/failed-result.ts';
import type { ClipResult } from '../../detect/result.ts';
import type { FileScanner } from '../../detect/scanner.ts';
import { findMedia } from '../../media/find.ts';
import { ArchiveTally, archivePage } from '../../report/archive.ts';
import { baseName } from '../../report/format.ts';
import { replayCommand } from '../../report/replay.ts';
import type { CliContext } from '../command.ts';
import { errorLine, exitCodes } from '../io.ts';
import { prepareFolder, safeName, writeWhole } from '../output.ts';
import { type Progress, startProgress } from '../progress.ts';

import type { BatchOptions } from '../scan-batch.ts';
import { Ledger, type Seen } from './ledger.ts';

export interface ArchiveOptions extends BatchOptions {
  out: string;
  /** Seconds between two looks at the folders; undefined ends after one. */
  watchSeconds: number | undefined;
  /** Files at a time, each in a process of its own. */
  jobs: number;
}

/** A file that changed this lately may still be written. */
const settlesAfterMs = 2000;
/** Clips between two writings of the page and the open Parquet part. */
const summariseEvery = 200;

/** @returns the exit code. Throws what concerns the archive as a whole. */
export async function archiveScan(context: CliContext, options: ArchiveOptions): Promise<number> {
  const { signal } = context;
  await prepareFolder(options.out);
  const tally = new ArchiveTally();
  const ledger = await Ledger.open(options.out, { onResult: (result) => tally.add(result) });
  const known = ledger.size;
  const total = await countMedia(options, ledger);
  const scanners = await openScanners(context, options);
  const progress = startProgress(context.stderr, total, options.quiet);
  if (known > 0 && !options.quiet) progress.note(`mesoscope: going on after ${known} files`);
  const archive = new Archive(context, options, scanners, ledger, tally, progress);
  try {
    do {
      await archive.pass();
      if (options.watchSeconds === undefined || signal.aborted) break;
      await archive.summarise(true);
      await sleep(options.watchSeconds * 1000, undefined, { signal }).catch(() => undefined);
    } while (!signal.aborted);
    await archive.summarise(signal.aborted || options.watchSeconds !== undefined);
  } finally {
    progress.stop();
    await Promise.all(scanners.map((scanner) => scanner.close()));
  }
  if (!options.quiet) {
    const to = options.json ? context.stderr : context.stdout;
    to.write(
      `${options.out}: ${tally.clips} files, ${tally.clips - known} of them now; archive.html tells of all\n`,
    );
  }
  if (signal.aborted) return Number(signal.reason) || exitCodes.interrupted;
  if (options.failOnLikely && (tally.counts.get('manipulation_likely') ?? 0) > 0) return exitCodes.likely;
  return (tally.counts.get('error') ?? 0) > 0 ? exitCodes.failed : exitCodes.done;
}

/** All or none: one that does not start closes those that did. */
async function openScanners(context: CliContext, { scanner, paths, jobs }: ArchiveOptions) {
  const open = () => context.openScanner({ ...scanner, read: paths });
  const opened = await Promise.allSettled(Array.from({ length: jobs }, open));
  const scanners = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failure = opened.find((one) => one.status === 'rejected');
  if (failure) {
    await Promise.all(scanners.map((one) => one.close()));
    throw failure.reason;
  }
  return scanners;
}

/** For the progress bar: a walk is cheap beside a scan. Watching has no end to tell. */
async function countMedia({ paths, out, watchSeconds }: ArchiveOptions, ledger: Ledger): Promise<number> {
  if (watchSeconds !== undefined) return 0;
  let count = 0;
  for await (const seen of filesOf(paths, out)) if (!('problem' in seen) && !ledger.has(seen)) count++;
  return count;
}

class Archive {
  readonly #context: CliContext;
  readonly #options: ArchiveOptions;
  readonly #scanners: readonly FileScanner[];
  readonly #ledger: Ledger;
  readonly #tally: ArchiveTally;
  readonly #progress: Progress;
  #done = 0;
  #told = new Set<string>();
  /** One result at a time is written: a page or a part that is read meanwhile would end in half a line. */
  #writing: Promise<void> = Promise.resolve();

  constructor(
    context: CliContext,
    options: ArchiveOptions,
    scanners: readonly FileScanner[],
    ledger: Ledger,
    tally: ArchiveTally,
    progress: Progress,
  ) {
    this.#context = context;
    this.#options = options;
    this.#scanners = scanners;
    this.#ledger = ledger;
    this.#tally = tally;
    this.#progress = progress;
  }

  /** Everything that is not done, once through. */
  async pass(): Promise<void> {
    const { paths, out, watchSeconds } = this.#options;
    const { signal } = this.#context;
    const free = [...this.#scanners];
    const running = new Set<Promise<void>>();
    const failures: unknown[] = [];
    for await (const seen of filesOf(paths, out)) {
      if (signal.aborted || failures.length > 0) break;
      if ('problem' in seen) {
        this.#tell(seen.path, seen.problem);
        continue;
      }
      if (this.#ledger.has(seen)) continue;
      if (watchSeconds !== undefined && Date.now() - seen.modifiedMs < settlesAfterMs) continue;
      const scanner = free.pop() as FileScanner;
      const work = this.#take(scanner, seen)
        .catch((error) => void failures.push(error))
        .finally(() => {
          running.delete(work);
          free.push(scanner);
        });
      running.add(work);
      if (free.length === 0) await Promise.race(running);
    }
    await Promise.all(running);
    if (failures.length > 0) throw failures[0];
  }

  async #take(scanner: FileScanner, seen: Seen): Promise<void> {
    this.#progress.begin(this.#done, seen.path);
    const result = await this.#scan(scanner, seen);
    if (!result) return;
    const written = this.#writing.then(() => this.#note(seen, result));
    // One that fails is thrown to its own caller, and not to all after it.
    this.#writing = written.catch(() => undefined);
    await written;
  }

  async #note(seen: Seen, result: ClipResult): Promise<void> {
    await this.#ledger.add(seen, result);
    this.#tally.add(result);
    this.#done++;
    this.#progress.end();
    if (this.#options.json) this.#context.stdout.write(`${JSON.stringify(result)}\n`);
    if (this.#done % summariseEvery === 0) await this.summarise(true);
  }

  /** Undefined after an abort. */
  async #scan(scanner: FileScanner, { path }: Seen): Promise<ClipResult | undefined> {
    const { sampling, given, out } = this.#options;
    const { signal } = this.#context;
    try {
      const analysis = await scanner.scan(path, {
        sampling,
        signal,
        // Of one at a time: several would overwrite one another.
        ...(this.#scanners.length === 1 ? { onProgress: (progress) => this.#progress.update(progress) } : {}),
      });
      const { result } = analysis;
      // Somebody will want to look at these, and a hundred thousand pages of the others would fill a disk.
      if (result.verdict === 'manipulation_likely') {
        const { clipReport } = await import('../../report/clip.ts');
        const replay = replayCommand([path], given, out);
        const html = await clipReport(analysis, {
          contract: scanner.contract,
          replay,
          createdAt: new Date(),
        });
        await prepareFolder(join(out, 'reports'));
        await writeWhole(join(out, 'reports'), { [reportName(result)]: html });
      }
      return result;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof UserError) throw error;
      // A bug that one clip shows must not cost the archive its night.
      this.#progress.note(`mesoscope: ${path}: ${describe(error)}`);
      return failedResult(path, error as Error, scanner.detector);
    }
  }

  /** The page, and Parquet of the open part. */
  async summarise(unfinished: boolean): Promise<void> {
    const { out, paths, given } = this.#options;
    const [{ contract, detector }] = this.#scanners;
    await this.#ledger.flush();
    const replay = replayCommand(paths, [...given, '--archive'], out);
    const html = archivePage(this.#tally, {
      ...{ contract, detector, replay, unfinished },
      createdAt: new Date(),
      reportOf: (result) =>
        result.verdict === 'manipulation_likely' ? `reports/${reportName(result)}` : null,
    });
    await writeWhole(out, { 'archive.html': html });
  }

  /** Folders that cannot be read are told once, not at every look. */
  #tell(path: string, problem: Error): void {
    if (this.#told.has(path)) return;
    this.#told.add(path);
    this.#progress.note(
      problem instanceof UserError ? errorLine(problem) : `mesoscope: ${path}: ${describe(problem)}`,
    );
  }
}

/** The same in every run, for files of one name in many folders. */
function reportName({ clip }: ClipResult): string {
  return `${safeName(baseName(clip.path))}-${sha256(clip.path).slice(0, 10)}.html`;
}

/** Media files with size and time, and what cannot be looked at; never what the scan itself writes. */
async function* filesOf(
  paths: readonly string[],
  out: string,
): AsyncGenerator<Seen | { path: string; problem: Error }> {
  const own = join(resolve(out), sep);
  const problems: { path: string; problem: Error }[] = [];
  const onProblem = (path: string, problem: Error) => void problems.push({ path, problem });
  for await (const path of findMedia(paths, { onProblem })) {
    yield* problems.splice(0);
    if (resolve(path).startsWith(own)) continue;
    const found = await stat(path).catch((problem: Error) => problem);
    if (found instanceof Error) yield { path, problem: found };
    else yield { path, bytes: found.size, modifiedMs: found.mtimeMs };
  }
  yield* problems.splice(0);
}
