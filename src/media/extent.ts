/** Whether a file is as long as its container says: ISO media boxes, RIFF size, Matroska segment size. */
import { isIsoMedia } from './signature.ts';

export interface Extent {
  /** The container says that it is longer than the file. */
  cut: boolean;
  /** ISO media: whether the index (`moov`) is in the file. True for other containers. */
  index: boolean;
}

/** Gives up to `length` bytes from a place in the file; fewer at its end. */
export type ReadBytes = (at: number, length: number) => Promise<Uint8Array>;

/** @param head the file's first bytes, up to 64 KiB @param bytes its length */
export async function measureExtent(head: Uint8Array, bytes: number, read: ReadBytes): Promise<Extent> {
  if (isIsoMedia(head)) return walkBoxes(bytes, read);
  const view = viewOf(head);
  const riff = head.length >= 8 && view.getUint32(0) === 0x52494646;
  if (riff) return { cut: view.getUint32(4, true) + 8 > bytes, index: true };
  if (head.length >= 4 && view.getUint32(0) === 0x1a45dfa3) {
    const end = segmentEnd(head);
    return { cut: end !== undefined && end > bytes, index: true };
  }
  return { cut: false, index: true };
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

const moov = 0x6d6f6f76;

/** Top-level boxes of an ISO media file (ISO 14496-12 §4.2): 32-bit size, type, optional 64-bit size. */
async function walkBoxes(bytes: number, read: ReadBytes): Promise<Extent> {
  let at = 0;
  let index = false;
  // A fragmented file has two boxes a fragment; a hostile one could have millions.
  for (let boxes = 0; at + 8 <= bytes && boxes < 100_000; boxes++) {
    const header = new Uint8Array(16);
    header.set(await read(at, 16));
    const view = viewOf(header);
    let size = view.getUint32(0);
    if (size === 1) size = Number(view.getBigUint64(8));
    // Size 0: to the end of the file.
    if (size === 0) size = bytes - at;
    const whole = at + size <= bytes;
    if (view.getUint32(4) === moov) index = whole;
    if (!whole) return { cut: true, index };
    if (size < 8) break;
    at += size;
  }
  return { cut: false, index };
}

/** End of the Matroska segment (RFC 8794 variable-length integers), undefined where the size is unknown. */
function segmentEnd(head: Uint8Array): number | undefined {
  const size = (at: number) => {
    const length = Math.clz32(head[at]) - 23;
    if (length > 8 || at + length > head.length) return undefined;
    let value = head[at] & (0xff >> length);
    let ones = value === 0xff >> length;
    for (let i = 1; i < length; i++) {
      value = value * 256 + head[at + i];
      ones &&= head[at + i] === 0xff;
    }
    return { length, value: ones ? undefined : value };
  };
  const header = size(4);
  if (header?.value === undefined) return undefined;
  const at = 4 + header.length + header.value;
  if (at + 12 > head.length || viewOf(head).getUint32(at) !== 0x18538067) return undefined;
  const segment = size(at + 4);
  return segment?.value === undefined ? undefined : at + 4 + segment.length + segment.value;
}
