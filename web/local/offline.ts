/** Keeps the pages and what local analysis needs in the browser, so that both work without the server. */

const script = '/local-offline.js';
/** A page does not wait longer than this for its files to be kept: it can analyse without. */
const patienceMs = 10_000;

/**
 * Starts the service worker that keeps files as they are fetched (the pages at once). True where it is in charge of this page;
 * false where the browser has none or refuses, which costs nothing but work without a connection.
 */
export async function keepOffline(): Promise<boolean> {
  const workers = globalThis.navigator.serviceWorker;
  if (!workers) return false;
  try {
    const registration = await workers.register(script, { type: 'module' });
    if (workers.controller) return true;
    const coming = registration.installing ?? registration.waiting;
    // In charge of other pages and not of this one: it was reloaded past everything that is kept.
    if (!coming) return false;
    return await new Promise<boolean>((resolve) => {
      workers.addEventListener('controllerchange', () => resolve(true), { once: true });
      coming.addEventListener('statechange', () => coming.state === 'redundant' && resolve(false));
      setTimeout(() => resolve(workers.controller !== null), patienceMs);
    });
  } catch {
    return false;
  }
}

/** Ends it and deletes what it kept. */
export async function forgetOffline(): Promise<void> {
  const registrations = (await globalThis.navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.map((registration) => registration.unregister()));
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('mesoscope-')).map((name) => caches.delete(name)));
}
