/** Entries of a zip archive that are stored as they are: what PyTorch writes. No compression, no encryption. */

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const maxEntries = 100_000;

/** Views into `bytes` by name. @throws Error with the reason where the archive is damaged or of another kind. */
export function readStoredZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff || count > maxEntries) throw new Error('it is a zip64 archive');
  const entries = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== entrySignature)
      throw new Error('its directory is damaged');
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const size = view.getUint32(at + 24, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => view.getUint16(at + o, true));
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (flags & 1) throw new Error(`its entry ${name} is encrypted`);
    if (method !== 0) throw new Error(`its entry ${name} is compressed, which PyTorch does not do`);
    const start = dataStart(view, view.getUint32(at + 42, true));
    if (start + size > bytes.length) throw new Error(`its entry ${name} is cut off`);
    if (entries.has(name)) throw new Error(`it has two entries ${name}`);
    entries.set(name, bytes.subarray(start, start + size));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

/** The end record is the last thing, but for a comment of up to 64 KiB. */
function findEnd(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) === endSignature) return at;
  }
  throw new Error('it is no zip archive, or cut off');
}

function dataStart(view: DataView, at: number): number {
  if (at + 30 > view.byteLength || view.getUint32(at, true) !== localSignature) {
    throw new Error('its directory points nowhere');
  }
  return at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
}
