/** Who may ask for what: host name, origin, token, and how often. */
import { getConnInfo } from '@hono/node-server/conninfo';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { errors } from '../../base/errors.ts';
import type { ServerConfig } from '../config.ts';
import { isLoopback } from '../config.ts';
import type { AppContext, AppEnv } from '../route.ts';
import { type Sessions, sessionCookie } from './sessions.ts';
import { secondsOf, type WrongTokens } from './wrong-tokens.ts';

type Guard = MiddlewareHandler<AppEnv>;

const isChange = (method: string) => !['GET', 'HEAD', 'OPTIONS'].includes(method);

/**
 * On a machine's own address, a name that an attacker's DNS points there must not be answered: the browser would take
 * our answers for that site's own. Elsewhere the token is what protects.
 */
export function checkHost(config: ServerConfig): Guard {
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    const name = host
      .replace(/:\d+$/, '')
      .replace(/^\[|\]$/g, '')
      .toLowerCase();
    const known = isLoopback(name) || config.hosts.includes(name);
    if (!known && (isLoopback(config.host) || config.hosts.length > 0)) {
      throw errors.HOST_REFUSED(host.slice(0, 100));
    }
    await next();
  };
}

/** Requests a minute from one address, changes fewer than looks. */
export function limitRate({ rate }: ServerConfig): Guard {
  const limiter = (points: number) => new RateLimiterMemory({ points, duration: 60 });
  const [reads, changes] = [limiter(rate.reads), limiter(rate.changes)];
  return async (c, next) => {
    const address = getConnInfo(c).remote.address ?? 'unknown';
    c.set('address', address);
    // Pieces of one upload are many changes by one decision; their bytes are limited instead.
    const piece = c.req.method === 'PATCH' || c.req.method === 'HEAD';
    try {
      await (isChange(c.req.method) && !piece ? changes : reads).consume(address);
    } catch (refused) {
      throw errors.RATE_LIMITED(secondsOf(refused as RateLimiterRes));
    }
    await next();
  };
}

/**
 * Finds out who asks. With a token set, all but the open routes need it. A change must be meant: it carries the token
 * in a header, which no foreign page can, or comes from the server's own pages, or from a program that is no browser.
 */
export function checkAccess(
  sessions: Sessions,
  wrong: WrongTokens,
  isOpen: (c: AppContext) => boolean,
): Guard {
  return async (c, next) => {
    const address = c.get('address');
    const [, bearer] = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
    const cookie = getCookie(c, sessionCookie);
    if (bearer !== undefined && sessions.required) await wrong.check(address);
    const byToken = bearer !== undefined && sessions.isToken(bearer);
    if (bearer !== undefined && sessions.required && !byToken) {
      await wrong.count(address);
      throw errors.TOKEN_WRONG();
    }
    const signedIn = !sessions.required || byToken || (cookie !== undefined && sessions.isSession(cookie));
    c.set('signedIn', signedIn);
    if (!signedIn && !isOpen(c)) throw errors.TOKEN_WRONG();
    if (!byToken && isForeign(c)) {
      throw errors.ORIGIN_REFUSED((c.req.header('origin') ?? 'another site').slice(0, 200));
    }
    await next();
  };
}

/** Sent by a page of another site. Looking at a page by a link from elsewhere is no such thing. */
function isForeign(c: AppContext): boolean {
  const site = c.req.header('sec-fetch-site');
  const navigation = c.req.header('sec-fetch-mode') === 'navigate' && !isChange(c.req.method);
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return !navigation;
  const origin = c.req.header('origin');
  if (origin === undefined) return false;
  // Compared with the name that was asked for: behind a proxy the server does not know its own.
  return !URL.canParse(origin) || new URL(origin).host !== c.req.header('host');
}
