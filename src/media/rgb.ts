/** Decoded frames to upright RGB: colour matrix, range, sample aspect ratio, orientation. */
import {
  AV_PIX_FMT_RGB24,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  AVCOL_SPC_UNSPECIFIED,
} from 'node-av/constants';
import { Frame as AvFrame, SoftwareScaleContext } from 'node-av/lib';
import type { Geometry } from './demux.ts';
import { must } from './ffmpeg.ts';
import { orient } from './orient.ts';
import type { Picture } from './types.ts';

/**
 * Interpolated chroma and exact rounding: 3 ms more for a 720p frame than swscale's short cut, paid for
 * sampled frames only. The short cut repeats chroma samples in blocks, a trace that detectors would learn.
 */
const scaleFlags = 'bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';

export interface RgbConverter {
  /** A fresh upright picture; the frame is left as it was, except for guessed colour metadata. */
  convert(frame: AvFrame): Picture;
  close(): void;
}

/** One converter a decoding session: swscale keeps its tables between frames of one size. */
export function makeConverter({ scaledWidth, scaledHeight, orientation }: Geometry): RgbConverter {
  const scaler = new SoftwareScaleContext();
  scaler.allocContext();
  must(scaler.setOption('sws_flags', scaleFlags), 'setting scale flags');
  const target = new AvFrame();
  target.alloc();
  return {
    convert(frame) {
      // Unlabelled video: HD is BT.709 and smaller is BT.601, as players assume (and encoders meant).
      if (frame.colorSpace === AVCOL_SPC_UNSPECIFIED) {
        frame.colorSpace = frame.width >= 1280 || frame.height > 576 ? AVCOL_SPC_BT709 : AVCOL_SPC_BT470BG;
      }
      target.unref();
      target.width = scaledWidth;
      target.height = scaledHeight;
      target.format = AV_PIX_FMT_RGB24;
      target.colorSpace = AVCOL_SPC_RGB;
      target.colorRange = AVCOL_RANGE_JPEG;
      // The same primaries and transfer on both sides: only matrix and range are converted.
      target.colorPrimaries = frame.colorPrimaries;
      target.colorTrc = frame.colorTrc;
      must(scaler.scaleFrameSync(target, frame), 'conversion to RGB');
      const buffer = target.toBuffer();
      const data = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
      return orient({ width: scaledWidth, height: scaledHeight, data }, orientation);
    },
    close() {
      scaler.freeContext();
      target.free();
    },
  };
}
