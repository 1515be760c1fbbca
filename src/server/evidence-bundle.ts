/** Everything behind a result in one file, with hashes, so that another examiner can check and repeat it. */
import { type Zippable, zipSync } from 'fflate';
import { errors } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { version } from '../base/version.ts';
import { clipDocument, clipRow } from './documents.ts';
import type { Services } from './services.ts';
import { artefact } from './storage/artefact-names.ts';
import { readArtefact } from './storage/artefact-response.ts';

/** @throws CLIP_UNKNOWN, CLIP_NOT_DONE */
export async function evidenceBundle(
  services: Services,
  id: string | undefined,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; name: string }> {
  const { database, detectors } = services;
  const clip = await clipDocument(database, id);
  const row = await clipRow(database, id);
  if (!clip.result || !clip.contract) throw errors.CLIP_NOT_DONE(clip.id, clip.status);
  const files: Record<string, Uint8Array> = {};
  const add = (name: string, text: string) => {
    files[name] = new TextEncoder().encode(text);
  };
  const copy = async (name: string, file: string) => {
    const bytes = await readArtefact(services, row, file);
    if (bytes) files[name] = new Uint8Array(bytes);
  };
  await copy('report.html', artefact.report);
  await copy('result.json', artefact.result);
  for (const { n } of clip.evidence) await copy(`crops/${n}.jpg`, artefact.crop(n));
  for (const { n } of clip.maps) await copy(`maps/${n}.png`, artefact.map(n));
  const { evidence, maps, credentials, sha256: clipHash, bytes, name, url, createdAt, finishedAt } = clip;
  add('faces.json', pretty({ evidence, maps }));
  add('credentials.json', pretty(credentials));
  add(
    'detector.json',
    pretty({
      name: clip.detector,
      // Of the file that scored the clip, which may since have been replaced here.
      sha256: clip.result.detector?.sha256 ?? null,
      sameAsServedNow: detectors.all.some(({ sha256: hash }) => hash === clip.result?.detector?.sha256),
      contract: clip.contract,
    }),
  );
  add(
    'exhibit.json',
    pretty({
      clip: { name, url, sha256: clipHash, bytes, receivedAt: createdAt, analysedAt: finishedAt },
      tool: { name: 'mesoscope', version: clip.result.tool.version, bundledBy: version },
      replay: clip.replay,
    }),
  );
  add(
    'replay.sh',
    `#!/bin/sh\n# Repeats the analysis; the clip itself must lie beside this file.\n${clip.replay}\n`,
  );
  // As `sha256sum --check` reads it.
  const sums = Object.entries(files).map(([file, content]) => `${sha256(content)}  ${file}`);
  add('SHA256SUMS', `${sums.join('\n')}\n`);
  const zippable: Zippable = {};
  // Pictures do not get smaller.
  for (const [file, content] of Object.entries(files)) {
    zippable[file] = [content, { level: /\.(jpg|png)$/.test(file) ? 0 : 6 }];
  }
  return { bytes: new Uint8Array(zipSync(zippable)), name: `evidence-${clip.id}.zip` };
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
