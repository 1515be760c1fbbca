/** Fetches what local analysis needs from the page's own server, and tells how far it is. */
import { createSHA256 } from 'hash-wasm';
import { describe, errors } from '../../src/base/errors.ts';
import type { FaceModelName, ModelFile, ModelFiles } from '../../src/faces/model-files.ts';
import { type Manifest, manifestPath, manifestSchema, type ServedFile } from './manifest.ts';

export class LocalFiles {
  readonly #site: string;
  readonly manifest: Manifest;
  readonly #onBytes: (bytes: number) => void;
  readonly #kept = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  private constructor(site: string, manifest: Manifest, onBytes: (bytes: number) => void) {
    this.#site = site;
    this.manifest = manifest;
    this.#onBytes = onBytes;
  }

  /** @param site URL of the pages' root @param onBytes told of bytes as they come. Throws LOCAL_FILE_MISSING. */
  static async open(site: string, onBytes: (bytes: number) => void): Promise<LocalFiles> {
    const url = new URL(manifestPath, site).href;
    const bytes = await download(url, () => undefined);
    try {
      return new LocalFiles(site, manifestSchema.parse(JSON.parse(new TextDecoder().decode(bytes))), onBytes);
    } catch (cause) {
      throw errors.LOCAL_FILE_MISSING(url, describe(cause));
    }
  }

  url(path: string): string {
    return new URL(path, this.#site).href;
  }

  /** Fetched once, then kept in memory: no request is made while clips are analysed. Throws LOCAL_FILE_MISSING. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    let bytes = this.#kept.get(path);
    if (!bytes) {
      bytes = download(this.url(path), this.#onBytes);
      this.#kept.set(path, bytes);
      // A failed fetch may be tried again.
      bytes.catch(() => this.#kept.delete(path));
    }
    return bytes;
  }

  forget({ path }: ServedFile): void {
    this.#kept.delete(path);
  }

  /** The face networks' files, all of them: the one that tells people apart is needed by some clips only. */
  async faces(): Promise<ModelFiles> {
    await Promise.all(this.manifest.faces.map(({ path }) => this.read(path)));
    const part = (name: FaceModelName, kind: 'json' | 'bin') => {
      const found = this.manifest.faces.find((file) => file.name === name && file.part === kind);
      if (!found) throw errors.FACE_MODEL_MISSING(name, `${manifestPath} does not list its .${kind}`);
      return this.read(found.path);
    };
    return {
      async read(name): Promise<ModelFile> {
        const [json, weights] = await Promise.all([part(name, 'json'), part(name, 'bin')]);
        return { name, json: JSON.parse(new TextDecoder().decode(json)), weights };
      },
    };
  }
}

async function download(url: string, onBytes: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    if (!response.body) return new Uint8Array(await response.arrayBuffer());
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      onBytes(value.length);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } catch (cause) {
    throw errors.LOCAL_FILE_MISSING(url, describe(cause));
  }
}

/** Lower-case hex; the blob is read in pieces, so that memory does not grow with it. */
export async function sha256OfBlob(blob: Blob): Promise<string> {
  const hash = await createSHA256();
  hash.init();
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return hash.digest('hex');
    hash.update(value);
  }
}
