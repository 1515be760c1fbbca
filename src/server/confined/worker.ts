/**
 * Scans for the command line, clip after clip, as a process of its own: whatever a file does to a decoder, it does it
 * here. The task comes as the first message, then one request at a time.
 */
import { describe, errors, UserError } from '../../base/errors.ts';
import type { ScanProgress } from '../../detect/types.ts';
import { openParent } from '../jobs/parent.ts';
import { openInProcess } from './clip-scanner.ts';
import { cropMessage, type FromScanProcess, type ScanProcessTask, type ScanRequest } from './messages.ts';

// Ctrl-C in a terminal reaches all its processes: the command line decides what ends when.
process.on('SIGINT', () => undefined);

const parent = openParent<ScanProcessTask, FromScanProcess, ScanRequest>();
const { pins, ...options } = await parent.task;
try {
  const scanner = await openInProcess({
    ...options,
    ...(pins ? { pins: { hashes: new Set(pins.hashes), source: pins.source } } : {}),
  });
  const onProgress = (progress: ScanProgress) => void parent.tell({ kind: 'progress', progress });
  const answer = async (request: ScanRequest): Promise<FromScanProcess> => {
    const { path } = request;
    switch (request.kind) {
      case 'scan': {
        const { result, evidence } = await scanner.scan(path, { sampling: request.sampling, onProgress });
        // One a message: hundreds of faces together would be longer than a message may be.
        for (const face of evidence) await parent.tell({ kind: 'crop', crop: cropMessage(face) });
        return { kind: 'scanned', result };
      }
      case 'stability': {
        const { durationSeconds, score, sampling } = request;
        const rows = await scanner.stability(
          { clip: { path, durationSeconds }, score },
          { sampling, onProgress: (done, total) => onProgress({ stage: 'frames', done, total }) },
        );
        return { kind: 'rows', rows };
      }
      case 'credentials':
        return { kind: 'credentials', credentials: await scanner.credentials(path) };
    }
  };
  parent.onAnswer(
    (request) =>
      void answer(request)
        .catch(refusal)
        .then((said) => parent.tell(said)),
  );
  await parent.tell({ kind: 'ready', contract: scanner.contract, detector: scanner.detector });
} catch (error) {
  await parent.tell(refusal(error));
  process.exit(0);
}

function refusal(error: unknown): FromScanProcess {
  const { code, fact, next } = error instanceof UserError ? error : errors.INTERNAL(describe(error));
  return { kind: 'refused', error: { code, fact, next } };
}
