/** What a process left in its folder, before anything of it is read with our rights. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Removes all but plain files: a process that a stranger's file has taken over could leave a link to a file of ours, and
 * keeping it would hand that out. The process has ended.
 * @returns the names that are left
 */
export async function onlyPlainFiles(folder: string): Promise<string[]> {
  const kept: string[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const state = await lstat(path);
    if (state.isFile() && state.nlink === 1) kept.push(name);
    else await rm(path, { recursive: true, force: true });
  }
  return kept;
}
