/** The HTTP application: guards around routes, errors as problems, pages for the rest. */
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { describe, errors, UserError } from '../base/errors.ts';
import { docsPage, docsStyle, docsStylePath } from './docs-page.ts';
import { openApi } from './openapi.ts';
import { Pages } from './pages.ts';
import { internalProblem, problemOf } from './problem.ts';
import { type AppContext, type AppEnv, json, mount } from './route.ts';
import { routes } from './routes/index.ts';
import { checkAccess, checkHost, limitRate } from './security/guard.ts';
import { securityHeaders } from './security/headers.ts';
import type { Services } from './services.ts';
import { untraced } from './watch/traces.ts';

export function makeApp(services: Services): Hono<AppEnv> {
  const { config, sessions, wrongTokens, requestSeconds, log, traces } = services;
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    const begun = performance.now();
    const { method, path } = c.req;
    const parent = c.req.header('traceparent');
    // Probes come every few seconds and say nothing.
    const span = (isTraced(path) ? traces : untraced).begin(method, { parent, answers: true });
    c.set('trace', span.context);
    await next();
    const route = c.get('route') ?? 'other';
    const { status } = c.res;
    span.rename(`${method} ${route}`);
    span.end(
      { 'http.request.method': method, 'http.route': route, 'http.response.status_code': status },
      status >= 500 ? String(status) : undefined,
    );
    // Paths of clips would be labels without end, and tell what was looked at.
    requestSeconds.observe({ method, route, status: String(status) }, (performance.now() - begun) / 1000);
  });
  app.use(securityHeaders());
  app.use(checkHost(config));
  app.use(limitRate(config));
  app.use(checkAccess(sessions, wrongTokens, isOpen));
  app.use('/api/openapi.json', compress());
  const document = openApi(routes);
  app.get('/api/openapi.json', () => json(document));
  const page = docsPage(routes, document);
  app.get('/api/docs', (c) => c.html(page));
  app.get(docsStylePath, (c) => c.body(docsStyle, 200, { 'content-type': 'text/css; charset=utf-8' }));
  mount(app, routes, services);
  app.all('/api/*', (c) => problemOf(errors.ROUTE_UNKNOWN(c.req.method, c.req.path.slice(0, 200))));
  const pages = new Pages(config.pages);
  app.use(compress());
  app.get('*', (c) => pages.answer(c.req.path, c.req.header('accept') ?? ''));
  app.notFound((c) => problemOf(errors.ROUTE_UNKNOWN(c.req.method, c.req.path.slice(0, 200))));
  app.onError((error, c) => {
    if (error instanceof UserError) return withHeaders(c, problemOf(error));
    const route = c.get('route') ?? 'other';
    log.tell('request failed', { method: c.req.method, route, why: error.stack ?? describe(error) });
    return internalProblem();
  });
  return app;
}

const isTraced = (path: string) =>
  path.startsWith('/api/') && path !== '/api/health' && path !== '/api/ready';

const openRoutes = new Set(routes.filter(({ open }) => open).map(({ method, path }) => `${method} ${path}`));

/** What needs no token: a few routes, the documentation, and the pages, which hold no clip. */
function isOpen(c: AppContext): boolean {
  const { method, path } = c.req;
  if (openRoutes.has(`${method.toLowerCase()} ${path}`)) return true;
  if (['/api/openapi.json', '/api/docs', docsStylePath].includes(path)) return true;
  return !path.startsWith('/api/') && path !== '/metrics';
}

/** A request whose body was not read to its end cannot be followed by another on the same connection. */
function withHeaders(c: AppContext, response: Response): Response {
  if (c.env.incoming && !c.env.incoming.complete) response.headers.set('connection', 'close');
  return response;
}
