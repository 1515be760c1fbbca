/** One picture through H.264 and back, in memory: the trace that a platform's re-encoding leaves in a frame. */
import {
  AV_PIX_FMT_RGB24,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_RGB,
  type FFEncoderCodec,
} from 'node-av/constants';
import {
  Frame as AvFrame,
  avGetPixFmtFromName,
  Codec,
  CodecContext,
  CodecParameters,
  Packet,
  Rational,
  SoftwareScaleContext,
} from 'node-av/lib';
import { Decoder } from './decoder.ts';
import { ended, must, starved } from './ffmpeg.ts';
import { upright } from './orient.ts';
import { makeConverter } from './rgb.ts';
import type { Picture } from './types.ts';

/**
 * The picture after x264 at `crf` (0 to 51; 23 and 40 are FaceForensics++'s), 4:2:0 where both sides are even, else
 * 4:4:4: as a key frame, or, where pictures of the same size went `before` it, predicted from these as nearly all
 * frames of a video are. One thread and a fresh encoder each time: the same pictures give the same bytes.
 */
export function recompressH264(picture: Picture, crf: number, before: readonly Picture[] = []): Picture {
  const encoder = openEncoder(picture, crf);
  const packet = new Packet();
  packet.alloc();
  let decoder: Decoder | undefined;
  const converter = makeConverter({
    scaledWidth: picture.width,
    scaledHeight: picture.height,
    orientation: upright,
  });
  try {
    const parameters = new CodecParameters();
    parameters.alloc();
    must(parameters.fromContext(encoder), 'copying codec parameters');
    const codec = Codec.findDecoder(encoder.codecId);
    if (!codec) throw new Error('FFmpeg has no H.264 decoder here');
    decoder = new Decoder({
      codec,
      parameters,
      timeBase: encoder.timeBase,
      threads: 1,
      maxPixels: picture.width * picture.height * 4,
    });
    let shown: Picture | undefined;
    let left = before.length;
    const show = (coded: Packet | null) => {
      for (const decoded of (decoder as Decoder).decode(coded)) {
        if (left-- === 0) shown = converter.convert(decoded);
      }
    };
    const encode = (frame: AvFrame | null) => {
      must(encoder.sendFrameSync(frame), 'encoding');
      for (;;) {
        const code = encoder.receivePacketSync(packet);
        if (starved(code) || ended(code)) return;
        must(code, 'encoding');
        show(packet);
      }
    };
    for (const [index, each] of [...before, picture].entries()) {
      const frame = toYuv(each, encoder);
      try {
        frame.pts = BigInt(index);
        encode(frame);
      } finally {
        frame.free();
      }
    }
    encode(null);
    show(null);
    if (shown) return shown;
    throw new Error('the encoded picture does not decode');
  } finally {
    decoder?.close();
    converter.close();
    packet.free();
    encoder.freeContext();
  }
}

function openEncoder({ width, height }: Picture, crf: number): CodecContext {
  const codec = Codec.findEncoderByName('libx264' as FFEncoderCodec);
  if (!codec) throw new Error('FFmpeg has no encoder libx264 here');
  const context = new CodecContext();
  try {
    context.allocContext3(codec);
    context.width = width;
    context.height = height;
    context.pixelFormat = avGetPixFmtFromName(width % 2 === 0 && height % 2 === 0 ? 'yuv420p' : 'yuv444p');
    context.timeBase = new Rational(1, 25);
    context.framerate = new Rational(25, 1);
    context.colorRange = AVCOL_RANGE_MPEG;
    context.colorSpace = AVCOL_SPC_BT470BG;
    context.threadCount = 1;
    const settings = { crf: String(crf), preset: 'veryfast', 'x264-params': 'rc-lookahead=0:bframes=0' };
    // Not as a dictionary: node-av 6.1.1 frees one twice in open2Sync.
    for (const [key, value] of Object.entries(settings)) {
      must(context.setOption(key, value), `setting ${key}=${value} of libx264`);
    }
    must(context.open2Sync(codec, null), 'opening the encoder libx264');
    return context;
  } catch (thrown) {
    context.freeContext();
    throw thrown;
  }
}

function toYuv({ width, height, data }: Picture, encoder: CodecContext): AvFrame {
  const rgb = AvFrame.fromVideoBuffer(Buffer.from(data), { width, height, format: AV_PIX_FMT_RGB24 });
  const scaler = new SoftwareScaleContext();
  const frame = new AvFrame();
  try {
    scaler.allocContext();
    must(scaler.setOption('sws_flags', 'bicubic+accurate_rnd+full_chroma_inp'), 'setting scale flags');
    rgb.colorSpace = AVCOL_SPC_RGB;
    rgb.colorRange = AVCOL_RANGE_JPEG;
    frame.alloc();
    frame.width = width;
    frame.height = height;
    frame.format = encoder.pixelFormat;
    frame.colorSpace = encoder.colorSpace;
    frame.colorRange = encoder.colorRange;
    must(scaler.scaleFrameSync(frame, rgb), 'conversion from RGB');
    return frame;
  } catch (thrown) {
    frame.free();
    throw thrown;
  } finally {
    rgb.free();
    scaler.freeContext();
  }
}
