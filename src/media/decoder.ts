/** One FFmpeg decoder: packets in, frames out, nothing else. */
import { type AVThreadType, FF_THREAD_FRAME, FF_THREAD_SLICE } from 'node-av/constants';
import type { Codec, CodecParameters, Packet, Rational } from 'node-av/lib';
import { Frame as AvFrame, CodecContext } from 'node-av/lib';
import { ended, must, starved } from './ffmpeg.ts';

export interface DecoderSettings {
  codec: Codec;
  parameters: CodecParameters;
  timeBase: Rational;
  threads: number;
  maxPixels: number;
}

/**
 * Synchronous on purpose: a promise a call costs a third more than the decoding of a small frame, and
 * FFmpeg's own threads run on while JavaScript does other things. Callers let the event loop turn.
 */
export class Decoder {
  readonly #context = new CodecContext();
  readonly #frame = new AvFrame();
  #skipping = false;
  /** Errors that the decoder reported since it was made; which packet they belong to is not known. */
  errors = 0;

  constructor({ codec, parameters, timeBase, threads, maxPixels }: DecoderSettings) {
    const context = this.#context;
    try {
      this.#frame.alloc();
      context.allocContext3(codec);
      must(context.parametersToContext(parameters), 'copying codec parameters');
      context.pktTimebase = timeBase;
      context.threadCount = threads;
      context.threadType = (FF_THREAD_FRAME | FF_THREAD_SLICE) as AVThreadType;
      must(context.setOption('max_pixels', String(maxPixels)), 'limiting the picture size');
      must(context.open2Sync(codec, null), `opening the decoder ${codec.name}`);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /**
   * Leaves out frames that no other frame refers to, until told otherwise: cheap to skip, and the pixels of
   * all others stay the same.
   */
  skipUnreferenced(skip: boolean): void {
    if (skip === this.#skipping) return;
    must(this.#context.setOption('skip_frame', skip ? 'noref' : 'default'), 'setting frame skipping');
    this.#skipping = skip;
  }

  /**
   * Gives one packet (null: the end) and yields the frames that come out. The frame is reused: it is the
   * caller's until it asks for the next.
   */
  *decode(packet: Packet | null): Generator<AvFrame, void, void> {
    let code = this.#context.sendPacketSync(packet);
    // Full: frames have to be taken before it accepts another.
    while (starved(code)) {
      yield* this.#receive();
      code = this.#context.sendPacketSync(packet);
    }
    if (code < 0 && !ended(code)) this.errors++;
    yield* this.#receive();
  }

  /** Forgets everything that it was given; decoding may start anew at a key frame. */
  reset(): void {
    this.#context.flushBuffers();
  }

  close(): void {
    this.#context.freeContext();
    this.#frame.free();
  }

  *#receive(): Generator<AvFrame, void, void> {
    for (;;) {
      const code = this.#context.receiveFrameSync(this.#frame);
      if (ended(code) || starved(code)) return;
      // An error belongs to one packet: what follows may be whole.
      if (code < 0) {
        this.errors++;
        continue;
      }
      yield this.#frame;
      this.#frame.unref();
    }
  }
}
