/**
 * Messages between a process and the one that started it: JSON, a line each, over a pipe of their own. In place of Node's
 * channel, which takes a message of any length into memory before anybody can look at it.
 */
import type { Duplex } from 'node:stream';
import { describe } from '../../base/errors.ts';

/** The pipe's number in the process that was started. */
export const channelFile = 3;

const newline = 10;

export interface ChannelOptions {
  /** Bytes of a message, at most: a longer one ends the channel. */
  longest: number;
  /** Nothing further is read until it has returned, or what it returns is settled. */
  onMessage: (message: unknown) => unknown;
  /** Once. @param problem what the other side sent that is no message, in words; undefined where it only ended */
  onEnd: (problem?: string) => void;
}

export class LineChannel {
  readonly #pipe: Duplex;
  readonly #options: ChannelOptions;
  #begun: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #reading: Promise<void> = Promise.resolve();

  constructor(pipe: Duplex, options: ChannelOptions) {
    this.#pipe = pipe;
    this.#options = options;
    pipe.on('data', (piece: Buffer) => {
      // One piece at a time, and a turn for everybody else after each: who floods it waits in the system's buffer.
      pipe.pause();
      this.#reading = this.#take(piece)
        // A fault of ours in dealing with a message ends this channel, not the server.
        .catch((error) => this.#end(`its message could not be dealt with (${describe(error)})`))
        .then(() => void setImmediate(() => pipe.resume()));
    });
    // After what was read before it has been dealt with.
    const end = () => void this.#reading.then(() => this.#end());
    pipe.on('error', end).on('end', end).on('close', end);
  }

  /** Settled once the system has it, or the other side is gone: that is told by `onEnd`. */
  send(message: unknown): Promise<void> {
    return new Promise((resolve) => {
      if (this.#pipe.destroyed || !this.#pipe.writable) resolve();
      else this.#pipe.write(`${JSON.stringify(message)}\n`, () => resolve());
    });
  }

  async #take(piece: Buffer): Promise<void> {
    let rest = piece;
    while (!this.#ended) {
      const at = rest.indexOf(newline);
      const part = at < 0 ? rest : rest.subarray(0, at);
      this.#bytes += part.length;
      if (this.#bytes > this.#options.longest) {
        return this.#end(`it sent a message of more than ${this.#options.longest} bytes`);
      }
      this.#begun.push(part);
      if (at < 0) return;
      const line = Buffer.concat(this.#begun, this.#bytes);
      [this.#begun, this.#bytes, rest] = [[], 0, rest.subarray(at + 1)];
      let message: unknown;
      try {
        message = JSON.parse(line.toString('utf8'));
      } catch {
        return this.#end('it sent what is no message');
      }
      await this.#options.onMessage(message);
    }
  }

  #end(problem?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#begun = [];
    this.#options.onEnd(problem);
    this.#pipe.destroy();
  }
}
