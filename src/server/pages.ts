/** The built pages: files of known names only, so that no path can lead elsewhere. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { errors } from '../base/errors.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

export class Pages {
  readonly #folder: string;
  #files: Set<string> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A file, or the one page that all addresses of the application share. @throws PAGES_NOT_BUILT, ROUTE_UNKNOWN */
  async answer(path: string, accept: string): Promise<Response> {
    let files = await this.#known();
    // Built anew while the server runs: the names are others.
    if (extname(path) !== '' && !files.has(path.slice(1))) {
      this.#files = undefined;
      files = await this.#known();
    }
    if (!files.has('index.html')) throw errors.PAGES_NOT_BUILT();
    const name = path.slice(1);
    if (files.has(name) && name !== 'index.html') {
      // Built files carry a hash of their content in their names.
      const fixed = name.startsWith('assets/');
      return this.#send(name, fixed ? 'public, max-age=31536000, immutable' : 'no-cache');
    }
    if (extname(name) !== '' && !accept.includes('text/html')) throw errors.ROUTE_UNKNOWN('GET', path);
    return this.#send('index.html', 'no-cache');
  }

  async #known(): Promise<Set<string>> {
    if (this.#files?.has('index.html')) return this.#files;
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    const files = new Set<string>();
    for (const name of names) {
      const isFile = (await stat(join(this.#folder, name)).catch(() => undefined))?.isFile();
      if (isFile) files.add(name.split(sep).join('/'));
    }
    this.#files = files;
    return files;
  }

  async #send(name: string, cache: string): Promise<Response> {
    const bytes = await readFile(join(this.#folder, name));
    return new Response(new Uint8Array(bytes), {
      headers: {
        'content-type': types[extname(name)] ?? 'application/octet-stream',
        'cache-control': cache,
      },
    });
  }
}
