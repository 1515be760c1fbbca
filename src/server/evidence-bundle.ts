/** A clip's analysis as an evidence bundle: what lies in the database and in the attempt's folder, signed. */
import { errors } from '../base/errors.ts';
import { JobLog } from '../report/bundle/log.ts';
import { packBundle } from '../report/bundle/pack.ts';
import { clipDocument, clipRow } from './documents.ts';
import { analysisSeed } from './jobs/replay.ts';
import type { Services } from './services.ts';
import { artefact, bundledName } from './storage/artefact-names.ts';
import { readArtefact } from './storage/artefact-response.ts';

/** @throws CLIP_UNKNOWN, CLIP_NOT_DONE */
export async function evidenceBundle(
  services: Pick<Services, 'database' | 'storage' | 'detectors' | 'signer'>,
  id: string | undefined,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; name: string }> {
  const { database, detectors, signer } = services;
  const clip = await clipDocument(database, id);
  const row = await clipRow(database, id);
  const { result, contract, evidence, maps } = clip;
  if (!result || !contract) throw errors.CLIP_NOT_DONE(clip.id, clip.status);
  const files = new Map<string, Uint8Array>();
  for (const name of [
    artefact.report,
    artefact.result,
    ...evidence.map(({ n }) => artefact.crop(n)),
    ...maps.map(({ n }) => artefact.map(n)),
  ]) {
    const bytes = await readArtefact(services, row, name);
    if (bytes) files.set(bundledName(name), new Uint8Array(bytes));
  }
  const kept = await readArtefact(services, row, artefact.log);
  const log = new JobLog(kept?.toString());
  // Analyses of an older version left none; that is told, and not made up for.
  if (!kept) log.add('no-log', { finishedAt: clip.finishedAt });
  const bytes = packBundle({
    result,
    contract,
    name: clip.name,
    seed: analysisSeed,
    replay: clip.replay ?? '',
    log,
    files,
    faces: { evidence, maps },
    credentials: clip.credentials,
    exhibit: {
      url: clip.url,
      receivedAt: clip.createdAt,
      analysedAt: clip.finishedAt,
      attempts: clip.attempts,
      detectorServedNow: detectors.all.some(({ sha256 }) => sha256 === result.detector?.sha256),
    },
    signer,
    now: new Date(),
  });
  return { bytes, name: `evidence-${clip.id}.zip` };
}
