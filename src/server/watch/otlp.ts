/** Traces by OpenTelemetry's own packages, sent as OTLP over HTTP in JSON. */
import {
  DiagLogLevel,
  diag,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { errors } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import type { Log } from './log.ts';
import type { Traces } from './traces.ts';

/** A stop must not wait for a collector that does not answer, ms. */
const closeWithin = 1_500;
/** One sending, where OTEL_EXPORTER_OTLP_TIMEOUT says nothing: what is not sent holds up the end of the process, ms. */
const sendWithin = 3_000;
/** How often it is told that nothing arrives, ms. */
const tellEvery = 60_000;

/** @throws TRACES_INVALID */
export function openOtlp(name: string, log: Log): Traces {
  const { env } = process;
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '';
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) {
    throw errors.TRACES_INVALID('OTEL_EXPORTER_OTLP_ENDPOINT', 'it is no http or https address');
  }
  for (const key of ['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL']) {
    const protocol = env[key];
    if (protocol && protocol !== 'http/json') {
      throw errors.TRACES_INVALID(key, `${protocol} is not spoken, http/json is`);
    }
  }
  let told = Number.NEGATIVE_INFINITY;
  const complain = (message: string) => {
    if (performance.now() - told < tellEvery) return;
    told = performance.now();
    log.tell('watching failed', { why: message.slice(0, 300) });
  };
  const nobody = () => undefined;
  diag.setLogger(
    { error: complain, warn: nobody, info: nobody, debug: nobody, verbose: nobody },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const ours = { 'service.name': 'mesoscope', 'service.version': version, 'service.instance.id': name };
  const provider = new BasicTracerProvider({
    // What the environment names wins.
    resource: resourceFromAttributes(ours).merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor(
        new OTLPTraceExporter(env.OTEL_EXPORTER_OTLP_TIMEOUT ? {} : { timeoutMillis: sendWithin }),
      ),
    ],
  });
  const tracer = provider.getTracer('mesoscope', version);
  return {
    begin: (spanName, { parent, at, answers, attributes = {} } = {}) => {
      const from = parent ? parse(parent) : undefined;
      const span = tracer.startSpan(
        spanName,
        {
          kind: answers ? SpanKind.SERVER : SpanKind.INTERNAL,
          attributes,
          ...(at === undefined ? {} : { startTime: at }),
        },
        from ? trace.setSpanContext(ROOT_CONTEXT, from) : ROOT_CONTEXT,
      );
      return {
        context: format(span.spanContext()),
        rename: (to) => void span.updateName(to),
        end: (more = {}, failed, end) => {
          if (!span.isRecording()) return;
          span.setAttributes(more);
          if (failed) span.setAttribute('error.type', failed).setStatus({ code: SpanStatusCode.ERROR });
          span.end(end);
        },
      };
    },
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeWithin);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

// `traceparent` of W3C Trace Context, version 00; later versions begin with the same parts.
const form = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

function parse(traceparent: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = form.exec(traceparent) ?? [];
  if (traceId === undefined) return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

function format({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
