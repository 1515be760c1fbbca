/** One process that scans, from its start to its end. */

import { errors, UserError } from '../../base/errors.ts';
import { ownScript } from '../../base/own-script.ts';
import type { Contract } from '../../detect/contract.ts';
import type { EvidenceCrop, ScanProgress } from '../../detect/types.ts';
import { type ProcessLimits, runProcess } from '../jobs/process.ts';
import {
  cropOf,
  type FromScanProcess,
  fromScanProcessSchema,
  type ScanProcessTask,
  type ScanRequest,
} from './messages.ts';

/** Bytes of all crops of one clip: hundreds of people have a tenth of it. */
const mostCropBytes = 2 ** 30;

const scanScript = ownScript('server/confined/worker.ts');

export interface ScanProcessOptions {
  task: ScanProcessTask;
  /** Of users; what is not named here cannot be read where it is confined. */
  read: readonly string[];
  confined: boolean;
  limits: ProcessLimits;
  stallSeconds: number;
  script?: URL;
}

export interface Heard {
  onProgress?: (progress: ScanProgress) => void;
  onCrop?: (face: EvidenceCrop) => void;
}

type Answer = Exclude<FromScanProcess, { kind: 'ready' | 'refused' | 'progress' | 'crop' }>;
type Ready = Extract<FromScanProcess, { kind: 'ready' }>;

interface Asked extends Heard {
  path: string;
  settle: (answer: Answer) => void;
  fail: (error: Error) => void;
  cropBytes: number;
  stalls: NodeJS.Timeout;
}

export class ScanProcess {
  /** @throws what the scanner could not be opened for; SCAN_PROCESS_FAILED where the process did not come so far */
  readonly ready: Promise<{ contract: Contract; detector: Ready['detector'] }>;
  readonly #ended: Promise<void>;
  readonly #stop = new AbortController();
  readonly #stallSeconds: number;
  #send: ((message: object) => Promise<void>) | undefined;
  #asked: Asked | undefined;
  #alive = true;
  /** Why we ended it, where we did for what it did. */
  #fault: UserError | undefined;

  constructor({ task, read, confined, limits, stallSeconds, script = scanScript }: ScanProcessOptions) {
    this.#stallSeconds = stallSeconds;
    let [begun, refused]: [(said: Ready) => void, (error: Error) => void] = [() => {}, () => {}];
    this.ready = new Promise<Ready>((resolve, reject) => {
      [begun, refused] = [resolve, reject];
    });
    // Whoever ends it before it is ready does not ask for this.
    this.ready.catch(() => undefined);
    const now = () => this.#asked?.path ?? 'the clip';
    this.#ended = runProcess({
      ...{ script, task, read, confined, limits, signal: this.#stop.signal, cwd: process.cwd() },
      breakdowns: {
        memory: (used, limit) => errors.ANALYSIS_MEMORY(now(), used, limit),
        time: (seconds) => errors.ANALYSIS_TIME(now(), seconds),
        cpu: (seconds) => errors.ANALYSIS_CPU(now(), seconds),
        crashed: (how) => errors.ANALYSIS_CRASHED(now(), how),
      },
      onMessage: (message, answer) => {
        const parsed = fromScanProcessSchema.safeParse(message);
        if (!parsed.success) return false;
        const said = parsed.data;
        if (!this.#send && said.kind === 'ready') {
          this.#send = answer;
          begun(said);
          return true;
        }
        if (!this.#send && said.kind === 'refused') {
          refused(new UserError(said.error.code as UserError['code'], said.error.fact, said.error.next));
          return true;
        }
        return this.#hear(said);
      },
    }).then(({ why, complaint }) => {
      this.#alive = false;
      const lines = complaint.trim().split('\n');
      refused(errors.SCAN_PROCESS_FAILED([why.fact, lines.at(-1)].filter(Boolean).join(' ')));
      this.#settle()?.fail(this.#fault ?? why);
    });
  }

  get alive(): boolean {
    return this.#alive && !this.#stop.signal.aborted;
  }

  /** One at a time. @throws ANALYSIS_… and SCAN_STALLED where the process broke down over it */
  ask(request: ScanRequest, heard: Heard): Promise<Answer> {
    const { path } = request;
    if (this.#asked) throw new Error('one request at a time');
    return new Promise((settle, fail) => {
      const stalls = setTimeout(() => {
        this.#fault = errors.SCAN_STALLED(path, this.#stallSeconds);
        this.#stop.abort();
      }, this.#stallSeconds * 1000);
      this.#asked = { ...heard, path, settle, fail, cropBytes: 0, stalls };
      if (this.alive) void this.#send?.(request);
      else this.#settle()?.fail(errors.ANALYSIS_CRASHED(path, 'its process had ended'));
    });
  }

  /** Settled once it is gone. */
  end(): Promise<void> {
    this.#stop.abort();
    return this.#ended;
  }

  /** @returns false for what nobody asked for */
  #hear(said: FromScanProcess): boolean {
    const asked = this.#asked;
    if (!asked || said.kind === 'ready') return false;
    asked.stalls.refresh();
    if (said.kind === 'progress') {
      asked.onProgress?.(said.progress);
      return true;
    }
    if (said.kind === 'crop') {
      const face = cropOf(said.crop);
      asked.cropBytes += said.crop.crop.data.length + (said.crop.map?.data.length ?? 0);
      if (!face || !asked.onCrop || asked.cropBytes > mostCropBytes) return false;
      asked.onCrop(face);
      return true;
    }
    this.#settle();
    if (said.kind === 'refused') {
      const { code, fact, next } = said.error;
      asked.fail(new UserError(code as UserError['code'], fact, next));
    } else asked.settle(said);
    return true;
  }

  /** Nothing is asked any more. @returns what was */
  #settle(): Asked | undefined {
    const asked = this.#asked;
    clearTimeout(asked?.stalls);
    this.#asked = undefined;
    return asked;
  }
}
