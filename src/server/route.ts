/** A route is a value: what it takes, what it gives, what it does. The app mounts it and documents it from the same. */
import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { errors, UserError } from '../base/errors.ts';
import { problemOf } from './problem.ts';
import type { Services } from './services.ts';

export type AppEnv = {
  Bindings: HttpBindings;
  Variables: { signedIn: boolean; address: string; route?: string; trace: string | null };
};
export type AppContext = Context<AppEnv>;

type Shape = z.ZodType | undefined;
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

export interface Answer {
  description: string;
  schema?: z.ZodType;
  /** Media type; JSON where there is a schema. */
  type?: string;
}

export interface Route<Q extends Shape = Shape, J extends Shape = Shape> {
  method: 'get' | 'post' | 'patch' | 'delete' | 'head' | 'options';
  /** Hono's spelling, with `:name` or `:name{pattern}`. */
  path: string;
  summary: string;
  tag: string;
  /** Answered without a token. */
  open?: true;
  query?: Q;
  json?: J;
  /** A body that is no JSON: its media type. */
  body?: string;
  /** Request headers that matter, for the documentation. */
  headers?: Record<string, string>;
  answers: Record<number, Answer>;
  handle(
    c: AppContext,
    input: { query: Parsed<Q>; json: Parsed<J> },
    services: Services,
  ): Response | Promise<Response>;
}

/** Keeps the types of the schemas together. */
export function route<Q extends Shape = undefined, J extends Shape = undefined>(
  value: Route<Q, J>,
): Route<Q, J> {
  return value;
}

const jsonLimit = 64 * 1024;

export function mount(app: Hono<AppEnv>, routes: readonly Route[], services: Services): void {
  for (const each of routes) {
    // Hono answers HEAD by the route of GET, without the body.
    const method = each.method === 'head' ? 'GET' : each.method.toUpperCase();
    if (each.json) app.on(method, each.path, limitJson);
    app.on(method, each.path, async (c) => {
      c.set('route', each.path);
      if (each.query) {
        const parsed = each.query.safeParse(c.req.query());
        if (!parsed.success) return refused(parsed.error, 'query');
        return each.handle(c, { query: parsed.data, json: undefined } as never, services);
      }
      if (each.json) {
        const parsed = each.json.safeParse(await readJson(c));
        if (!parsed.success) return refused(parsed.error, 'body');
        return each.handle(c, { query: undefined, json: parsed.data } as never, services);
      }
      return each.handle(c, { query: undefined, json: undefined } as never, services);
    });
  }
}

const limitJson = bodyLimit({
  maxSize: jsonLimit,
  onError: () => problemOf(errors.UPLOAD_TOO_LARGE(jsonLimit + 1, jsonLimit)),
});

async function readJson(c: AppContext): Promise<unknown> {
  // Forms can be sent by any page; JSON cannot without asking this server first.
  if (!/^application\/json\b/.test(c.req.header('content-type') ?? '')) {
    throw errors.REQUEST_INVALID('the content type must be application/json');
  }
  try {
    return await c.req.json();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw errors.REQUEST_INVALID('the body is no JSON');
  }
}

function refused(error: z.ZodError, where: string): Response {
  const issues = error.issues.map(({ path, message }) => ({ at: [where, ...path].join('.'), message }));
  return problemOf(errors.REQUEST_INVALID(`${issues[0].at}: ${issues[0].message}`), issues);
}

/** JSON that no cache keeps: it changes with the clip. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
}
