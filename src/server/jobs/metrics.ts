/** What Prometheus may ask: counts and times, no names of clips. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export class Metrics {
  readonly registry = new Registry();
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  readonly analyses: Counter<'outcome'>;
  readonly analysisSeconds: Histogram;
  readonly analysisMemory: Histogram;
  readonly uploadedBytes: Counter;

  constructor(waiting: () => Promise<Record<string, number>>) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Histogram({
      name: 'mesoscope_http_request_seconds',
      help: 'Time to answer, by route. Event streams and downloads count until their headers are sent.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
      registers,
    });
    this.analyses = new Counter({
      name: 'mesoscope_analyses_total',
      help: 'Analyses that ended, by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    this.analysisSeconds = new Histogram({
      name: 'mesoscope_analysis_seconds',
      help: 'Time of an analysis that was not stopped.',
      buckets: [1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600],
      registers,
    });
    this.analysisMemory = new Histogram({
      name: 'mesoscope_analysis_peak_mebibytes',
      help: 'Largest resident memory of an analysis, where the system tells it.',
      buckets: [128, 256, 384, 512, 768, 1024, 1536, 2048, 4096],
      registers,
    });
    this.uploadedBytes = new Counter({
      name: 'mesoscope_accepted_bytes_total',
      help: 'Bytes of clips that were accepted.',
      registers,
    });
    new Gauge({
      name: 'mesoscope_clips',
      help: 'Clips by status.',
      labelNames: ['status'],
      registers,
      async collect() {
        for (const [status, count] of Object.entries(await waiting())) this.set({ status }, count);
      },
    });
  }
}
