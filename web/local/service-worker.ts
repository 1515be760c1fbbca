/**
 * Serves the pages and local analysis's files where there is no connection. What the API says is never kept: a page
 * without its server shows that it has none.
 */

/** Put in by the build (`scripts/local-analysis.ts`): its files from the site's root, and a hash over them. */
declare const PAGES: readonly string[];
declare const KEPT_WHEN_USED: readonly string[];
declare const BUILD: string;

/** `ServiceWorkerGlobalScope`, of which TypeScript's page library knows nothing. */
interface Scope {
  registration: { scope: string };
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listen: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listen: (event: Fetching) => void): void;
}
interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  request: Request;
  respondWith(response: Promise<Response>): void;
}
const scope = globalThis as unknown as Scope;

const cacheName = `mesoscope-${BUILD}`;
const root = scope.registration.scope;
const urlOf = (path: string) => new URL(path, root).href;
const kept = new Set([...PAGES, ...KEPT_WHEN_USED].map(urlOf));

scope.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(cacheName)
      .then((cache) => cache.addAll([root, ...PAGES.map(urlOf)]))
      .then(() => scope.skipWaiting()),
  );
});

scope.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('mesoscope-') && name !== cacheName)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => scope.clients.claim()),
  );
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || request.url.startsWith(urlOf('api/'))) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (kept.has(request.url)) event.respondWith(file(request));
});

/** Every page is the same document: what it shows is decided by its address. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    const known = await caches.match(root, { cacheName });
    if (known) return known;
    throw cause;
  }
}

async function file(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  const known = await cache.match(request.url);
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request.url, response.clone());
  return response;
}
