/** `mesoscope scan`, without its options' syntax: clip after clip, each result out as soon as it is there. */
import { type ErrorCode, errors, UserError } from '../base/errors.ts';
import { failedResult } from '../detect/failed-result.ts';
import type { FileScanner, ScannerOptions } from '../detect/scanner.ts';
import type { ClipAnalysis, ScanProgress } from '../detect/types.ts';
import { findMedia } from '../media/find.ts';
import type { Sampling } from '../media/sampling.ts';
import type { JobLog } from '../report/bundle/log.ts';
import { replayCommand } from '../report/replay.ts';
import type { SummaryEntry } from '../report/summary.ts';
import type { ClipScanner } from '../server/confined/clip-scanner.ts';
import type { Sandbox } from '../server/confined/confined-scanner.ts';
import type { CliContext } from './command.ts';
import { errorLine, exitCodes } from './io.ts';
import { Names, prepareFolder, writeWhole } from './output.ts';
import { type Progress, startProgress } from './progress.ts';
import { resultTable, tallyLine } from './table.ts';

export interface BatchOptions {
  paths: readonly string[];
  scanner: ScannerOptions & { sandbox?: Sandbox };
  sampling: Sampling;
  json: boolean;
  quiet: boolean;
  out: string | undefined;
  failOnLikely: boolean;
  /** Scan variants of each clip too. */
  stability: boolean;
  /** Options that shape the numbers, for the replay command. */
  given: readonly string[];
  /** Writes an evidence bundle a clip beside its report, signed with the key at this path. */
  bundleKey?: string | undefined;
}

/** Something to scan, or what was wrong with it before a scan. */
export interface Input {
  path: string;
  problem?: Error;
}

/** @returns the exit code. Throws what concerns the batch as a whole: an unusable detector or output folder. */
export async function scanBatch(context: CliContext, options: BatchOptions): Promise<number> {
  const { signal } = context;
  if (options.out !== undefined) await prepareFolder(options.out);
  const opened = options.bundleKey === undefined ? undefined : await openBundling(options.bundleKey);
  const inputs = await findInputs(options.paths);
  const scanner = await context.openScanner({ ...options.scanner, read: options.paths });
  const bundling = opened && { ...opened, scanner };
  const progress = startProgress(context.stderr, inputs.length, options.quiet);
  const batch = new Batch(context, options, scanner, inputs, progress, bundling);
  try {
    for (const [index, input] of inputs.entries()) {
      if (signal.aborted) break;
      progress.begin(index, input.path);
      const log = bundling?.beginLog(input.path, scanner, options.sampling);
      const takeStage = log && bundling?.logStages(log);
      const analysis = await scanOne(scanner, input, options, signal, (told) => {
        progress.update(told);
        takeStage?.(told);
      });
      if (!analysis) break;
      await batch.take(analysis, log ? { log } : {});
      progress.end();
    }
    await batch.summarise(signal.aborted);
  } finally {
    progress.stop();
    await scanner.close();
  }
  batch.sayHowItWent(signal.aborted);
  if (signal.aborted) return Number(signal.reason) || exitCodes.interrupted;
  return batch.exitCode();
}

/** Loaded only where a bundle is asked for: the credentials' library takes its time. @throws KEY_INVALID, KEY_EXPOSED */
async function openBundling(keyPath: string) {
  const { openSigner } = await import('../report/bundle/key.ts');
  return { ...(await import('./clip-bundle.ts')), signer: await openSigner(keyPath) };
}
type Bundling = Awaited<ReturnType<typeof openBundling>> & { scanner: ClipScanner };

export async function findInputs(paths: readonly string[]): Promise<Input[]> {
  const inputs = new Map<string, Input>();
  const onProblem = (path: string, problem: Error) => void inputs.set(path, { path, problem });
  for await (const path of findMedia(paths, { onProblem })) {
    if (!inputs.has(path)) inputs.set(path, { path });
  }
  return [...inputs.values()];
}

/** Undefined after an abort. */
async function scanOne(
  scanner: ClipScanner,
  { path, problem }: Input,
  { sampling, stability }: BatchOptions,
  signal: AbortSignal,
  onProgress: (progress: ScanProgress) => void,
): Promise<ClipAnalysis | undefined> {
  if (problem) return { result: failedResult(path, problem, scanner.detector), evidence: [] };
  try {
    const analysis = await scanner.scan(path, { sampling, signal, onProgress });
    if (!stability) return analysis;
    const rows = await scanner.stability(analysis.result, {
      sampling,
      signal,
      onProgress: (done, total) => onProgress({ stage: 'frames', done, total }),
    });
    return { ...analysis, result: { ...analysis.result, stability: rows } };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** What a result is read with. */
export type Scanned = Pick<FileScanner, 'contract' | 'detector'>;

/** What is there already of what is written for a clip. */
export interface Made {
  page?: string;
  bundle?: Uint8Array;
  /** Of the scan, where a bundle is to be made of it. */
  log?: JobLog;
}

/** Results so far, and where they go. */
export class Batch {
  readonly #context: CliContext;
  readonly #options: BatchOptions;
  readonly #scanner: Scanned;
  readonly #progress: Progress;
  readonly #names: Names;
  readonly #entries: SummaryEntry[] = [];
  readonly #bundling: Bundling | undefined;
  #unwritten = 0;

  constructor(
    context: CliContext,
    options: BatchOptions,
    scanner: Scanned,
    inputs: readonly Input[],
    progress: Progress,
    bundling?: Bundling,
  ) {
    this.#bundling = bundling;
    this.#context = context;
    this.#options = options;
    this.#scanner = scanner;
    this.#progress = progress;
    this.#names = new Names(
      options.out ?? '',
      inputs.map((input) => input.path),
    );
  }

  /** One clip's result: to stdout, to the folder, and an error's line to stderr. */
  async take(analysis: ClipAnalysis, made: Made = {}): Promise<void> {
    const { result } = analysis;
    if (result.error) {
      const { code, message } = result.error;
      this.#progress.note(errorLine(new UserError(code as ErrorCode, message, '')));
    }
    if (this.#options.json) this.#context.stdout.write(`${JSON.stringify(result)}\n`);
    this.#entries.push({ result, report: await this.#save(analysis, made) });
  }

  async #save(analysis: ClipAnalysis, { page, log, bundle }: Made): Promise<string | null> {
    const { out, given } = this.#options;
    if (out === undefined) return null;
    const { result } = analysis;
    const html = page ?? (await this.#report(analysis, given, out));
    const stem = await this.#names.stemFor(result.clip);
    const json = `${JSON.stringify(result, null, 2)}\n`;
    const zip = bundle ?? (log && (await this.#bundle(analysis, log, html, json)));
    return (await this.#write(out, {
      [`${stem}.json`]: json,
      [`${stem}.html`]: html,
      ...(zip ? { [`${stem}.evidence.zip`]: zip } : {}),
    }))
      ? `${stem}.html`
      : null;
  }

  async #report(analysis: ClipAnalysis, given: readonly string[], out: string): Promise<string> {
    const { clipReport } = await import('../report/clip.ts');
    const replay = replayCommand([analysis.result.clip.path], given, out);
    return clipReport(analysis, { contract: this.#scanner.contract, replay, createdAt: new Date() });
  }

  /** Signed, with the texts that are written beside it. */
  async #bundle(analysis: ClipAnalysis, log: JobLog, report: string, json: string) {
    const { out = '', given, scanner } = this.#options;
    const replay = replayCommand([analysis.result.clip.path], given, out);
    if (!this.#bundling) return undefined;
    const { clipBundle, ...by } = this.#bundling;
    return clipBundle({
      ...{ analysis, log, ...by },
      ...{ seed: scanner.seed ?? 0, replay, report, json },
    });
  }

  /** The page over all clips, also of what was done before an interruption. */
  async summarise(interrupted: boolean): Promise<void> {
    const { out, given, paths } = this.#options;
    if (out === undefined || this.#entries.length === 0) return;
    const { batchSummary } = await import('../report/summary.ts');
    const { contract, detector } = this.#scanner;
    const replay = replayCommand(paths, given, out);
    const summary = { contract, detector, replay, createdAt: new Date(), interrupted };
    await this.#write(out, { 'summary.html': batchSummary(this.#entries, summary) });
  }

  /** A full disk costs this clip its files, not the batch its results: space may be freed meanwhile. */
  async #write(folder: string, files: Record<string, string | Uint8Array>): Promise<boolean> {
    try {
      await writeWhole(folder, files);
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#unwritten += 1;
      this.#progress.note(errorLine(error));
      return false;
    }
  }

  sayHowItWent(interrupted: boolean): void {
    const { json, quiet, out } = this.#options;
    const { stdout, stderr, colour } = this.#context;
    const results = this.#entries.map((entry) => entry.result);
    if (!quiet && !json && results.length > 0) {
      stdout.write(`${resultTable(results, { colour, width: stdout.columns ?? 100 })}\n\n`);
    }
    if (!quiet) {
      const to = json ? stderr : stdout;
      to.write(`${tallyLine(results)}\n`);
      if (out !== undefined && this.#entries.some((entry) => entry.report)) to.write(`Reports in ${out}\n`);
    }
    if (interrupted) stderr.write(`${errorLine(errors.INTERRUPTED())}\n`);
  }

  exitCode(): number {
    const results = this.#entries.map((entry) => entry.result);
    if (this.#options.failOnLikely && results.some((result) => result.verdict === 'manipulation_likely')) {
      return exitCodes.likely;
    }
    const failed = this.#unwritten > 0 || results.some((result) => result.status === 'error');
    return failed ? exitCodes.failed : exitCodes.done;
  }
}
