/** Spans of what is done with a clip, where OpenTelemetry is configured; elsewhere nothing is loaded and nothing kept. */
import type { Log } from './log.ts';

export type Attributes = Readonly<Record<string, string | number>>;

export interface SpanOptions {
  /** Whose part it is, as `traceparent` of W3C Trace Context; what is none begins a trace of its own. */
  parent?: string | null | undefined;
  /** When it began, ms since 1970; now where left out. */
  at?: number;
  /** An answer to a request from elsewhere. */
  answers?: boolean;
  attributes?: Attributes;
}

export interface Span {
  /** As `traceparent`, for parts of it, also elsewhere; null where nothing is traced. */
  readonly context: string | null;
  rename(name: string): void;
  /** @param failed the code of what went wrong @param at ms since 1970; now where left out */
  end(attributes?: Attributes, failed?: string, at?: number): void;
}

export interface Traces {
  begin(name: string, options?: SpanOptions): Span;
  /** Sends what is left, for a moment at most. */
  close(): Promise<void>;
}

const noSpan: Span = { context: null, rename: () => undefined, end: () => undefined };
export const untraced: Traces = { begin: () => noSpan, close: async () => undefined };

/**
 * As the standard variables say: `OTEL_EXPORTER_OTLP_ENDPOINT`, and what else begins with `OTEL_`.
 * @param name of this process @throws TRACES_INVALID
 */
export async function openTraces(name: string, log: Log): Promise<Traces> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED } = process.env;
  if (!OTEL_EXPORTER_OTLP_ENDPOINT || OTEL_SDK_DISABLED?.toLowerCase() === 'true') return untraced;
  // Loaded where it is asked for: a second and more of start-up on a busy machine.
  return (await import('./otlp.ts')).openOtlp(name, log);
}

/** Milliseconds since 1970 of a time of `performance.now()`. */
export function sinceEpoch(milliseconds: number): number {
  return performance.timeOrigin + milliseconds;
}

/** The part of a `traceparent` that all spans of a trace share. */
export function traceIdOf(traceparent: string | null | undefined): string | undefined {
  return traceparent?.split('-')[1];
}
