/** Headers that keep pages from doing what they need not. */
import type { MiddlewareHandler } from 'hono';

/** Of our own pages: nothing from anywhere else, no inline script, WebAssembly for local analysis. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "frame-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** Of a report: pictures and styles of its own, no scripts, an origin of its own. */
export const reportPolicy =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";

/** Of the runs explorer, whose own policy names the hashes of its scripts: both hold. */
export const explorerPolicy =
  "sandbox allow-scripts; default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'self'";

/** Of everything that is no page, such as a clip: opened on its own it can do nothing. */
const filePolicy = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'self'";

/** Set on every answer that does not bring its own. */
export function securityHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const set = (name: string, value: string) => {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    };
    // A worker is held to the policy of its own script. No clip is ever sent with these types.
    const ours = /^text\/(?:html|javascript)/.test(c.res.headers.get('content-type') ?? '');
    set('content-security-policy', ours ? pagePolicy : filePolicy);
    // Both together let WebAssembly use threads.
    set('cross-origin-opener-policy', 'same-origin');
    set('cross-origin-embedder-policy', 'require-corp');
    set('cross-origin-resource-policy', 'same-origin');
    set('x-content-type-options', 'nosniff');
    set('x-frame-options', 'SAMEORIGIN');
    set('referrer-policy', 'no-referrer');
    set('permissions-policy', 'camera=(), microphone=(), geolocation=(), browsing-topics=()');
  };
}
