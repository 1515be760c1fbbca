/** A finished analysis as the pages show it, whoever computed it: the server, or this browser. */
import type { Contract } from '../../src/detect/contract.ts';
import type { ClipResult } from '../../src/detect/result.ts';
import type { Clip } from '../../src/server/api.ts';

export interface View {
  name: string;
  /** ISO time of the analysis. */
  finishedAt: string;
  result: ClipResult;
  contract: Contract;
  /** Addresses may be paths on the server or of this browser's memory (`blob:`). */
  evidence: Clip['evidence'];
  maps: Clip['maps'];
  credentials: Clip['credentials'];
  replay: string | null;
  media: { url: string; type: string | null } | null;
}

/** Null where there is no result to show: not finished, or the analysis itself failed. */
export function viewOf(clip: Clip): View | null {
  const { result, contract, name, evidence, maps, credentials, replay, links, mediaType } = clip;
  if (!result || !contract) return null;
  return {
    name,
    finishedAt: clip.finishedAt ?? clip.createdAt,
    result,
    contract,
    evidence,
    maps,
    credentials,
    replay,
    media: { url: links.media, type: mediaType },
  };
}
