/** Local analysis built, served with the server's headers, and opened in Debian's Chromium. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { build } from 'vite';
import { localAnalysis } from '../../scripts/local-analysis.ts';

export const chromiumPath = process.env.MESOSCOPE_CHROMIUM ?? '/usr/bin/chromium';
export const haveChromium = existsSync(chromiumPath);
/** Appended to a test's name where the browser is absent, so that the reason stands in the report. */
export const browserReason = haveChromium ? '' : ` (skipped: no ${chromiumPath})`;

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** As strict as the pages' own: a change that needs more must say so here. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' blob:; style-src 'self'";

export interface Site {
  url: string;
  /** Paths asked for since it was last emptied. */
  requests: string[];
  /** Files that arrive changed, by path; undefined: 404. */
  altered: Map<string, ((bytes: Buffer) => Buffer) | undefined>;
  /** Answers nobody until told to again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the test page with the pages' plugin and serves it. @param isolated whether WebAssembly may have threads */
export async function openSite({ isolated = true } = {}): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'mesoscope-page-'));
  await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('local-page', import.meta.url)),
    plugins: [localAnalysis()],
    build: { outDir: folder, emptyOutDir: true, target: 'es2023' },
  });
  const requests: string[] = [];
  const altered: Site['altered'] = new Map();
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    requests.push(path);
    const name = path === '/' ? '/index.html' : path;
    const found = await readFile(join(folder, name)).catch(() => undefined);
    const bytes = found && altered.has(path) ? altered.get(path)?.(found) : found;
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    response.setHeader('Content-Security-Policy', policy);
    response.setHeader('Content-Type', types[extname(name)] ?? 'application/octet-stream');
    response.statusCode = bytes ? 200 : 404;
    response.end(bytes);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    const stopped = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await stopped;
  };
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    altered,
    stop,
    start: () => listen(port),
    close: async () => {
      if (server.listening) await stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** A browser with nothing kept from before. @param extra further command-line switches */
export function openBrowser(extra: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...extra,
    ],
  });
}
