/** The evidence bundle of one scanned clip: the same files, log and signature as a server's. */
import { sha256 } from '../base/hash.ts';
import { version } from '../base/version.ts';
import type { FileScanner, FileScanOptions } from '../detect/scanner.ts';
import type { ClipAnalysis } from '../detect/types.ts';
import { formatSampling, type Sampling } from '../media/sampling.ts';
import type { Signer } from '../report/bundle/key.ts';
import { JobLog } from '../report/bundle/log.ts';
import { packBundle } from '../report/bundle/pack.ts';
import { bundlePictures } from '../report/bundle/pictures.ts';
import { baseName } from '../report/format.ts';
import type { ClipScanner } from '../server/confined/clip-scanner.ts';

/** A log that begins with what is about to be done. */
export function beginLog(path: string, scanner: FileScanner, sampling: Sampling): JobLog {
  const log = new JobLog();
  log.add('begun', {
    name: baseName(path),
    sample: formatSampling(sampling),
    mesoscope: version,
    node: process.version,
  });
  log.add('loaded', scanner.detector);
  return log;
}

/** Takes the stages of a scan into its log. */
export function logStages(log: JobLog): NonNullable<FileScanOptions['onProgress']> {
  let last = '';
  return ({ stage }) => {
    if (stage === last || stage === 'done') return;
    log.add('stage', { stage });
    last = stage;
  };
}

export interface ClipBundleParts {
  analysis: ClipAnalysis;
  log: JobLog;
  scanner: Pick<ClipScanner, 'contract' | 'credentials'>;
  signer: Signer;
  seed: number;
  replay: string;
  /** The texts that are written beside the bundle. */
  report: string;
  json: string;
}

/** @returns the zip's bytes. */
export async function clipBundle({
  analysis: { result, evidence },
  log,
  scanner,
  signer,
  seed,
  replay,
  report,
  json,
}: ClipBundleParts): Promise<Uint8Array> {
  const { files, faces } = await bundlePictures(evidence);
  const encoder = new TextEncoder();
  files.set('report.html', encoder.encode(report));
  files.set('result.json', encoder.encode(json));
  const { status, verdict, score, error } = result;
  log.add('scored', { sha256: result.clip.sha256, status, verdict, score, error: error?.code ?? null });
  log.add('written', {
    files: Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)])),
  });
  return packBundle({
    result,
    contract: scanner.contract,
    name: baseName(result.clip.path),
    seed,
    replay,
    log,
    files,
    faces,
    credentials: await scanner.credentials(result.clip.path),
    exhibit: {},
    signer,
    now: new Date(),
  });
}
