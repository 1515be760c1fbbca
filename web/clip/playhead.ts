/** Where in the clip one is: the player moves it, the timeline and the faces ask for it. */

export class Playhead {
  #time = 0;
  #listeners = new Set<(time: number) => void>();
  #player: { seek: (time: number) => void; toggle: () => void } | undefined;
  #seekListeners = new Set<(time: number) => void>();

  /** Seconds. */
  get time(): number {
    return this.#time;
  }

  /** Told of every shown frame. Returns a function that ends it. */
  subscribe(listener: (time: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Told when someone asks for a time, not while the clip plays. */
  onSeek(listener: (time: number) => void): () => void {
    this.#seekListeners.add(listener);
    return () => this.#seekListeners.delete(listener);
  }

  /** The player's: this time is on the screen now. */
  show(time: number): void {
    if (time === this.#time) return;
    this.#time = time;
    for (const listener of this.#listeners) listener(time);
  }

  /** Goes to a time, in seconds. Without a player that can show it, the boxes alone go there. */
  seek(time: number): void {
    const target = Math.max(0, time);
    this.#player?.seek(target);
    this.show(target);
    for (const listener of this.#seekListeners) listener(target);
  }

  toggle(): void {
    this.#player?.toggle();
  }

  attach(player: { seek: (time: number) => void; toggle: () => void }): () => void {
    this.#player = player;
    return () => {
      if (this.#player === player) this.#player = undefined;
    };
  }
}
