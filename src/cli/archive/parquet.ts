/** Results as Parquet: a row a clip, typed columns that DuckDB and pandas read as they are. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { ClipResult } from '../../detect/result.ts';

type Row = Readonly<Record<string, string | number | bigint | boolean | null>>;

const columns = {
  path: 'STRING',
  sha256: 'STRING',
  bytes: 'INT64',
  container: 'STRING',
  codec: 'STRING',
  width: 'INT32',
  height: 'INT32',
  duration_seconds: 'DOUBLE',
  status: 'STRING',
  verdict: 'STRING',
  score: 'DOUBLE',
  score_low: 'DOUBLE',
  score_high: 'DOUBLE',
  calibrated: 'BOOLEAN',
  people: 'INT32',
  tracks: 'INT32',
  frames_analysed: 'INT32',
  reasons: 'STRING',
  error_code: 'STRING',
  detector: 'STRING',
  detector_sha256: 'STRING',
  tool_version: 'STRING',
  seconds: 'DOUBLE',
} as const;

export function rowOf(result: ClipResult): Row {
  const { clip, tracks, detector, interval } = result;
  return {
    path: clip.path,
    sha256: clip.sha256,
    // More than 32 bits, and exact.
    bytes: clip.bytes === null ? null : BigInt(clip.bytes),
    container: clip.container,
    codec: clip.codec,
    width: clip.width,
    height: clip.height,
    duration_seconds: clip.durationSeconds,
    status: result.status,
    verdict: result.verdict,
    score: result.score,
    score_low: interval?.[0] ?? null,
    score_high: interval?.[1] ?? null,
    calibrated: result.calibrated,
    people: new Set(tracks.map(({ person }) => person)).size,
    tracks: tracks.length,
    frames_analysed: result.framesAnalysed,
    reasons: result.reasons.join('; '),
    error_code: result.error?.code ?? null,
    detector: detector?.name ?? null,
    detector_sha256: detector?.sha256 ?? null,
    tool_version: result.tool.version,
    seconds: Object.values(result.timing).reduce((sum, value) => sum + value, 0),
  };
}

export function parquetOf(results: readonly ClipResult[]): Uint8Array {
  const rows = results.map(rowOf);
  const columnData = Object.entries(columns).map(([name, type]) => ({
    name,
    type,
    nullable: true,
    data: rows.map((row) => row[name]),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
