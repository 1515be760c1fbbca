/** The description of the API, made from the routes themselves. */
import { OpenAPIHono, z } from '@hono/zod-openapi';
import { version } from '../base/version.ts';
import { problemSchema } from './api.ts';
import type { Answer, Route } from './route.ts';

type Content = Record<string, { schema: z.ZodType }>;

/** OpenAPI 3.1. */
export function openApi(routes: readonly Route[]): Record<string, unknown> {
  const app = new OpenAPIHono();
  const { openAPIRegistry: registry } = app;
  registry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'mesoscope_session',
  });
  for (const each of routes) {
    const { path, names } = parameters(each.path);
    registry.registerPath({
      method: each.method,
      path,
      summary: each.summary,
      tags: [each.tag],
      operationId: `${each.method}${path.replace(/[^a-z]+(.)?/gi, (_, next = '') => next.toUpperCase())}`,
      ...(each.open ? { security: [] } : {}),
      request: {
        ...(names.length > 0
          ? { params: z.object(Object.fromEntries(names.map((n) => [n, z.string()]))) }
          : {}),
        ...(each.query ? { query: each.query as never } : {}),
        ...(each.headers ? { headers: headersOf(each.headers) } : {}),
        ...bodyOf(each),
      },
      responses: {
        ...Object.fromEntries(
          Object.entries(each.answers).map(([status, answer]) => [
            status,
            responseOf(answer, Number(status)),
          ]),
        ),
        default: {
          description: 'What went wrong, with a code and the next step.',
          content: { 'application/problem+json': { schema: problemSchema } },
        },
      },
    });
  }
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Mesoscope',
      version,
      description:
        'Scans clips for manipulated faces. Errors are problem+json with a stable code. A score is no verdict, and a ' +
        'failure is never a score.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    security: [{ token: [] }, { session: [] }],
  }) as unknown as Record<string, unknown>;
}

/** `/a/:id/b/:file{…}` as `/a/{id}/b/{file}`. */
function parameters(path: string): { path: string; names: string[] } {
  const names: string[] = [];
  const spelled = path.replace(/:(\w+)(?:\{(?:[^{}]|\{[^}]*\})*\})?/g, (_, name: string) => {
    names.push(name);
    return `{${name}}`;
  });
  return { path: spelled, names };
}

function headersOf(headers: Record<string, string>) {
  return z.object(
    Object.fromEntries(
      Object.entries(headers).map(([name, words]) => [name, z.string().describe(words).optional()]),
    ),
  );
}

function bodyOf({ json, body }: Route): { body?: { content: Content } } {
  if (json) return { body: { content: { 'application/json': { schema: json } } } };
  if (body) return { body: { content: { [body]: { schema: z.any().describe('bytes') } } } };
  return {};
}

function responseOf({ description, schema, type }: Answer, status: number) {
  const content: Content | undefined = schema
    ? { [status >= 400 ? 'application/problem+json' : 'application/json']: { schema } }
    : type
      ? { [type]: { schema: z.any() } }
      : undefined;
  return { description, ...(content ? { content } : {}) };
}
