/** Tells those who wait within this process that a clip changed. What changed stands in the database. */
import { EventEmitter } from 'node:events';

export class Changes {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  changed(id: string): void {
    this.#emitter.emit('change', id);
  }

  gone(id: string): void {
    this.#emitter.emit('gone', id);
  }

  /** @returns what stops listening. */
  listen(listener: { changed(id: string): void; gone(id: string): void }): () => void {
    this.#emitter.on('change', listener.changed);
    this.#emitter.on('gone', listener.gone);
    return () => {
      this.#emitter.off('change', listener.changed);
      this.#emitter.off('gone', listener.gone);
    };
  }
}
