/** What a JPEG's header tells of its encoder (ITU-T T.81 annex B): quantisation tables, subsampling, scan kind. */

export interface JpegHeader {
  /** IJG quality whose luma table is nearest, 1 to 100. */
  quality: number;
  /** Mean step of the luma and the chroma table: finer than the quality, and any encoder has it. */
  lumaStep: number;
  chromaStep: number;
  /** Chroma samples a luma sample: 1 for 4:4:4, 0.5 for 4:2:2, 0.25 for 4:2:0, 0 for grey. */
  chromaShare: number;
  progressive: boolean;
  /** Bytes of Exif, ICC and other application data. */
  metadataBytes: number;
}

/** Annex K.1's luma table, in zigzag order as DQT stores it. */
// biome-ignore format: a table of 64
const annexK = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
  56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/** Undefined for bytes that are no JPEG, or whose header is damaged. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const tables = new Map<number, number[]>();
  let frame:
    | { chromaShare: number; progressive: boolean; luma: number; chroma: number | undefined }
    | undefined;
  let metadataBytes = 0;
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (marker === 0xdb) readTables(body, tables);
    else if (marker >= 0xe1 && marker <= 0xef) metadataBytes += length;
    else if (marker >= 0xc0 && marker <= 0xc2 && body.length >= 6) {
      const parts = Array.from({ length: body[5] }, (_, i) => ({
        samples: (body[7 + 3 * i] >> 4) * (body[7 + 3 * i] & 15),
        table: body[8 + 3 * i],
      }));
      const chroma = parts[1];
      frame = {
        chromaShare: chroma ? chroma.samples / parts[0].samples : 0,
        progressive: marker === 0xc2,
        luma: parts[0]?.table ?? 0,
        chroma: chroma?.table,
      };
    } else if (marker === 0xda) break;
    at += 2 + length;
  }
  const luma = frame && tables.get(frame.luma);
  if (!frame || !luma) return undefined;
  const chroma = frame.chroma === undefined ? undefined : tables.get(frame.chroma);
  return {
    quality: qualityOf(luma),
    lumaStep: mean(luma),
    chromaStep: chroma ? mean(chroma) : 0,
    chromaShare: frame.chromaShare,
    progressive: frame.progressive,
    metadataBytes,
  };
}

function readTables(body: Uint8Array, tables: Map<number, number[]>): void {
  for (let at = 0; at < body.length; ) {
    const wide = body[at] >> 4;
    const id = body[at] & 15;
    at++;
    const step = wide ? 2 : 1;
    if (at + 64 * step > body.length) return;
    tables.set(
      id,
      Array.from({ length: 64 }, (_, i) =>
        wide ? (body[at + 2 * i] << 8) | body[at + 2 * i + 1] : body[at + i],
      ),
    );
    at += 64 * step;
  }
}

/** The quality at which libjpeg scales annex K's table to the nearest one. */
function qualityOf(table: readonly number[]): number {
  let best = { quality: 0, distance: Number.POSITIVE_INFINITY };
  for (let quality = 1; quality <= 100; quality++) {
    const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    let distance = 0;
    for (let i = 0; i < 64; i++) {
      const step = Math.min(255, Math.max(1, Math.floor((annexK[i] * scale + 50) / 100)));
      distance += Math.abs(step - table[i]);
    }
    if (distance < best.distance) best = { quality, distance };
  }
  return best.quality;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
