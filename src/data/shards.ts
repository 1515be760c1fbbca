/** Files inside shards, by paths that go on through the archive: `shards/shard-000000.tar/c000001-f000010-t1.jpg`. */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { errors } from '../base/errors.ts';
import { readTarIndex, type TarIndex } from './tar.ts';

const indices = new Map<string, TarIndex>();

/** The shard and the file in it; undefined for a path that leads through no shard. */
export function splitShardPath(path: string): { shard: string; name: string } | undefined {
  const at = path.indexOf('.tar/');
  return at < 0 ? undefined : { shard: path.slice(0, at + 4), name: path.slice(at + 5) };
}

/** The index of a shard, read once while the shard keeps its size. Throws SHARD_INVALID where there is no file. */
export function shardIndex(shard: string): TarIndex {
  const known = indices.get(shard);
  try {
    if (known && statSync(shard).size === known.bytes) return known;
    const index = readTarIndex(shard);
    indices.set(shard, index);
    return index;
  } catch (thrown) {
    throw errors.SHARD_INVALID(shard, (thrown as NodeJS.ErrnoException).code ?? String(thrown));
  }
}

/**
 * What `readPicture` and `readMask` take for an item's path: the path itself, or the bytes of a file in a shard.
 * Throws SHARD_INVALID, which names what is wrong with the shard.
 */
export async function readThrough(path: string): Promise<string | Uint8Array> {
  const inside = splitShardPath(path);
  if (!inside) return path;
  const { files, fault } = shardIndex(inside.shard);
  const place = files.get(inside.name);
  if (!place) throw errors.SHARD_INVALID(inside.shard, fault ?? `it holds no ${inside.name}`);
  const bytes = new Uint8Array(place.size);
  const handle = await open(inside.shard, 'r');
  try {
    const { bytesRead } = await handle.read(bytes, 0, place.size, place.offset);
    if (bytesRead < place.size) throw errors.SHARD_INVALID(inside.shard, `${inside.name} is cut off`);
    return bytes;
  } finally {
    await handle.close();
  }
}
