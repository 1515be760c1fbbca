/** Maps are fetched as the playhead nears them, and kept. */
import type { MapDocument } from '../../src/server/api.ts';

export class MapPictures {
  readonly #pictures = new Map<string, HTMLImageElement>();
  readonly #onLoad: () => void;

  constructor(onLoad: () => void) {
    this.#onLoad = onLoad;
  }

  /** Undefined while it is on its way, or where it cannot be had: a map that is missing is not drawn as another. */
  get(map: MapDocument): HTMLImageElement | undefined {
    const known = this.#pictures.get(map.url);
    if (known) return known.complete && known.naturalWidth > 0 ? known : undefined;
    const image = new Image();
    image.addEventListener('load', this.#onLoad, { once: true });
    image.src = map.url;
    this.#pictures.set(map.url, image);
    return undefined;
  }
}
