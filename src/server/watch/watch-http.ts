/** A worker's own address: metrics, and whether it lives and works. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, errors } from '../../base/errors.ts';
import type { Metrics } from './metrics.ts';

export interface Watched {
  /** With the port that was taken. */
  readonly url: string;
  close(): Promise<void>;
}

export const watchPaths = ['/healthz', '/readyz', '/metrics'] as const;

type Answer = [status: number, body: string, type?: string];

/**
 * Serves `/metrics`, `/healthz` and `/readyz` to whoever reaches it; none of them tells of a clip.
 * @throws METRICS_ADDRESS
 */
export async function serveWatch(
  { host, port }: { host: string; port: number },
  { metrics, isReady }: { metrics: Metrics; isReady: () => Promise<boolean> },
): Promise<Watched> {
  const answers: Readonly<Record<(typeof watchPaths)[number], () => Promise<Answer>>> = {
    '/healthz': async () => [200, 'ok\n'],
    '/readyz': async () => ((await isReady()) ? [200, 'ok\n'] : [503, 'unavailable\n']),
    '/metrics': async () => [200, await metrics.text(), metrics.registry.contentType],
  };
  const server = createServer((request, response) => {
    answer(answers, request)
      .catch((error): Answer => [500, `${describe(error)}\n`])
      .then((answered) => send(request, response, answered));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(errors.METRICS_ADDRESS(host, port, describe(error))));
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  const { port: taken, address } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  answers: Readonly<Record<string, () => Promise<Answer>>>,
  { method = '', url = '' }: IncomingMessage,
): Promise<Answer> {
  const [path] = url.split('?');
  if (!Object.hasOwn(answers, path)) return [404, `${Object.keys(answers).join(' ')}\n`];
  if (method !== 'GET' && method !== 'HEAD') return [405, 'GET\n'];
  return answers[path]();
}

function send({ method }: IncomingMessage, response: ServerResponse, [status, body, type]: Answer): void {
  response.writeHead(status, {
    'content-type': type ?? 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(method === 'HEAD' ? undefined : body);
}
