/** Rows as the API shows them. */
import { errors } from '../base/errors.ts';
import type { Clip, ClipSummary } from './api.ts';
import { type ClipRow, findClip, findFullClip, relatedClips } from './database/clips.ts';
import type { Queries } from './database/database.ts';

export function summaryOf(row: ClipRow): ClipSummary {
  const { interval_low: low, interval_high: high } = row;
  return {
    id: row.id,
    name: row.name,
    bytes: row.bytes,
    sha256: row.sha256,
    url: row.url,
    detector: row.detector,
    sample: row.sample,
    status: row.status,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    attempts: row.attempts,
    ahead: row.status === 'queued' ? row.ahead : null,
    progress: row.progress,
    verdict: row.verdict,
    score: row.score,
    interval: low !== null && high !== null ? [low, high] : null,
    durationSeconds: row.duration_seconds,
    error: row.error,
  };
}

/** Of clips and tasks. */
export const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** An id as it stands in an address. @throws CLIP_UNKNOWN */
export function clipId(text: string | undefined): string {
  if (!text || !uuid.test(text)) throw errors.CLIP_UNKNOWN((text ?? '').slice(0, 100));
  return text;
}

/** @throws CLIP_UNKNOWN */
export async function clipRow(queries: Queries, text: string | undefined): Promise<ClipRow> {
  const id = clipId(text);
  const row = await findClip(queries, id);
  if (!row) throw errors.CLIP_UNKNOWN(id);
  return row;
}

/** @throws CLIP_UNKNOWN */
export async function clipDocument(queries: Queries, text: string | undefined): Promise<Clip> {
  const id = clipId(text);
  const row = await findFullClip(queries, id);
  if (!row) throw errors.CLIP_UNKNOWN(id);
  const base = `/api/clips/${id}`;
  const reported = row.document !== null;
  return {
    ...summaryOf(row),
    result: row.document?.result ?? null,
    contract: row.document?.contract ?? null,
    evidence: row.document?.evidence ?? [],
    maps: row.document?.maps ?? [],
    credentials: row.document?.credentials ?? null,
    replay: row.document?.replay ?? null,
    mediaType: row.media_type,
    links: {
      media: `${base}/media`,
      events: `${base}/events`,
      report: reported ? `${base}/report.html` : null,
      json: reported ? `${base}/report.json` : null,
      evidence: reported ? `${base}/evidence` : null,
    },
    related: (await relatedClips(queries, row)).map(({ id, detector, sample, status, verdict, score }) => ({
      id,
      detector,
      sample,
      status,
      verdict,
      score,
    })),
  };
}
