/** Scans in a process of its own, clip after clip: one that breaks down costs its clip, and the next gets a new process. */
import { realpath } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, resolve, sep } from 'node:path';
import { errors, UserError } from '../../base/errors.ts';
import { detectorPath } from '../../detect/bundled.ts';
import { failedResult } from '../../detect/failed-result.ts';
import type { StabilityRow } from '../../detect/result.ts';
import type { FileScanOptions, ScannerOptions } from '../../detect/scanner.ts';
import type { ClipAnalysis, EvidenceCrop } from '../../detect/types.ts';
import { defaultSampling } from '../../media/sampling.ts';
import type { ClipScanner } from './clip-scanner.ts';
import type { ScanProcessTask } from './messages.ts';
import { ScanProcess, type ScanProcessOptions } from './scan-process.ts';

/** Whether files are opened in a process that may do nothing else: where this machine can, or it must, or not. */
export type Sandbox = 'auto' | 'require' | 'off';

export interface ConfinedOptions extends ScannerOptions {
  sandbox?: Sandbox;
  /** Files and folders that will be scanned. Others can be, at the cost of a new process for each folder. */
  read: readonly string[];
  /** Seconds without progress after which a clip is given up; 15 minutes by default. */
  stallSeconds?: number;
  /** Another program in place of the scanner: tests bring ones that misbehave. */
  script?: URL;
}

/** A file of 100 GB is hashed in less. */
const defaultStall = 900;

/**
 * @throws as `openScanner`; SANDBOX_UNAVAILABLE where it must be confined and cannot; SCAN_PROCESS_FAILED
 */
export async function openConfined(options: ConfinedOptions): Promise<ClipScanner> {
  const { sandbox = 'auto', read, stallSeconds = defaultStall, script, pins, ...scanner } = options;
  const detector = detectorPath(scanner.detector);
  const task: ScanProcessTask = {
    ...scanner,
    detector,
    ...(pins ? { pins: { hashes: [...pins.hashes], source: pins.source } } : {}),
  };
  // Drivers of graphics processors ask for more than a fence lets through.
  const can = process.platform === 'linux' && (scanner.device ?? 'cpu') === 'cpu';
  if (!can && sandbox === 'require') {
    throw errors.SANDBOX_UNAVAILABLE(`not on ${process.platform} with ${scanner.device ?? 'cpu'}`);
  }
  const roots = new Roots();
  for (const path of [detector, ...read]) await roots.add(path);
  const scans = new ConfinedScanner(
    {
      task,
      limits: {
        heapMiB: 4096,
        // Of a whole machine, most may be asked for by a single large picture; a bomb asks for more.
        ...(can ? { memoryMiB: Math.max(4096, Math.round((totalmem() / 2 ** 20) * 0.75)) } : {}),
      },
      stallSeconds,
      ...(script ? { script } : {}),
    },
    roots,
    can && sandbox !== 'off',
  );
  await scans.start(sandbox === 'auto');
  return scans;
}

/** Files and folders that a process is started with: it can be let into no others later. */
class Roots {
  readonly #paths = new Set<string>();

  get all(): readonly string[] {
    return [...this.#paths];
  }

  /** @returns false where it was in reach before. What is not there cannot be let in. */
  async add(path: string, real?: string): Promise<boolean> {
    const target = real ?? (await realpath(resolve(path)).catch(() => undefined));
    if (target === undefined || this.#reaches(target)) return false;
    this.#paths.add(target);
    return true;
  }

  /** Lets the folder in that a file lies in, behind all links. @returns whether that was needed */
  async reach(path: string): Promise<boolean> {
    const target = await realpath(resolve(path)).catch(() => undefined);
    if (target === undefined || this.#reaches(target)) return false;
    return this.add(path, dirname(target));
  }

  #reaches(target: string): boolean {
    return [...this.#paths].some((path) => target === path || target.startsWith(join(path)));
  }
}

/** As the beginning of what lies in a folder. */
const join = (folder: string) => (folder.endsWith(sep) ? folder : `${folder}${sep}`);

class ConfinedScanner implements ClipScanner {
  readonly #options: Omit<ScanProcessOptions, 'read' | 'confined'>;
  readonly #roots: Roots;
  #confined: boolean;
  #process: ScanProcess | undefined;
  #told: Pick<ClipScanner, 'contract' | 'detector'> | undefined;
  /** One clip at a time: the process has one decoder. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: Omit<ScanProcessOptions, 'read' | 'confined'>, roots: Roots, confined: boolean) {
    this.#options = options;
    this.#roots = roots;
    this.#confined = confined;
  }

  /** @param orWithout starts it without confinement where it does not start with it */
  async start(orWithout: boolean): Promise<void> {
    try {
      await this.#running();
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== 'SCAN_PROCESS_FAILED') throw error;
      if (!this.#confined) throw error;
      if (!orWithout) throw errors.SANDBOX_UNAVAILABLE(error.fact);
      this.#confined = false;
      await this.#running();
    }
  }

  get contract() {
    return this.#said.contract;
  }

  get detector() {
    return this.#said.detector;
  }

  scan(path: string, { sampling = defaultSampling, signal, onProgress }: FileScanOptions = {}) {
    return this.#inTurn(path, signal, async (process): Promise<ClipAnalysis> => {
      const evidence: EvidenceCrop[] = [];
      const said = await process.ask(
        { kind: 'scan', path, sampling },
        { ...(onProgress ? { onProgress } : {}), onCrop: (face) => void evidence.push(face) },
      );
      if (said.kind !== 'scanned') throw errors.ANALYSIS_CRASHED(path, 'it gave another answer');
      const { result } = said;
      // A process that was taken over may lie about this clip, and about nothing else.
      if (result.clip.path !== path || result.detector?.sha256 !== this.detector.sha256) {
        throw errors.ANALYSIS_CRASHED(path, 'it told of something else');
      }
      return { result, evidence };
    }).catch((error: unknown) => {
      if (signal?.aborted || !(error instanceof UserError)) throw error;
      return { result: failedResult(path, error, this.detector), evidence: [] };
    });
  }

  stability(...[{ clip, score }, how]: Parameters<ClipScanner['stability']>) {
    const { sampling, signal, onProgress } = how;
    const { path, durationSeconds } = clip;
    if (score === null) return Promise.resolve([]);
    return this.#inTurn(path, signal, async (process) => {
      const said = await process.ask(
        { kind: 'stability', path, durationSeconds, score, sampling },
        { onProgress: ({ done, total }) => onProgress?.(done, total) },
      );
      if (said.kind !== 'rows') throw errors.ANALYSIS_CRASHED(path, 'it gave another answer');
      return said.rows;
    }).catch((error: unknown): StabilityRow[] => {
      if (signal?.aborted || !(error instanceof UserError)) throw error;
      // The clip has its score; what breaks over its variants is told as theirs, and costs no other clip.
      const none = { verdict: 'not_assessable', score: null, interval: null } as const;
      return [{ variant: 'none', words: error.fact, ...none }];
    });
  }

  credentials(path: string) {
    return this.#inTurn(path, undefined, async (process) => {
      const said = await process.ask({ kind: 'credentials', path }, {});
      if (said.kind !== 'credentials') throw errors.ANALYSIS_CRASHED(path, 'it gave another answer');
      return said.credentials;
    }).catch(async (error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      const { unreadableCredentials } = await import('../jobs/credentials.ts');
      return unreadableCredentials(error.fact);
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    await this.#process?.end();
    this.#process = undefined;
  }

  get #said() {
    if (!this.#told) throw new Error('not started');
    return this.#told;
  }

  #inTurn<T>(
    path: string,
    signal: AbortSignal | undefined,
    work: (process: ScanProcess) => Promise<T>,
  ): Promise<T> {
    const turn = this.#last
      .catch(() => undefined)
      .then(async () => {
        signal?.throwIfAborted();
        if (this.#confined && (await this.#roots.reach(path))) await this.#process?.end();
        const process = await this.#running();
        const stop = () => void process.end();
        signal?.addEventListener('abort', stop, { once: true });
        try {
          return await work(process);
        } catch (error) {
          signal?.throwIfAborted();
          throw error;
        } finally {
          signal?.removeEventListener('abort', stop);
        }
      });
    this.#last = turn;
    return turn;
  }

  async #running(): Promise<ScanProcess> {
    if (this.#process?.alive) return this.#process;
    const { all: read } = this.#roots;
    this.#process = new ScanProcess({ ...this.#options, read, confined: this.#confined });
    const told = await this.#process.ready;
    this.#told ??= told;
    return this.#process;
  }
}
