/** A store by its name: `s3://BUCKET/PREFIX`, or a folder. */
import { FolderStore } from './folder-store.ts';
import type { Store } from './store.ts';

/** @throws STORE_INVALID */
export async function openStore(name: string): Promise<Store> {
  if (!/^s3:\/\//i.test(name)) return new FolderStore(name);
  // Loaded when met: most have no bucket.
  const { openBucket } = await import('./bucket-store.ts');
  return openBucket(name, process.env);
}
