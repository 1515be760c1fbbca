/** Times of answers, which only a server gives. */
import { Histogram, type Registry } from 'prom-client';

export type RequestSeconds = Histogram<'method' | 'route' | 'status'>;

export function requestSeconds(registry: Registry): RequestSeconds {
  return new Histogram({
    name: 'mesoscope_http_request_seconds',
    help: 'Time to answer, by route. Event streams and downloads count until their headers are sent.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  });
}
