/** What a process left in its folder, before anything of it is read with our rights. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const isPlain = async (path: string) => {
  const state = await lstat(path);
  return state.isFile() && state.nlink === 1;
};

/** Names of what is no plain file: links, pipes, folders, files that have another name elsewhere. */
export async function strangeFiles(folder: string): Promise<string[]> {
  const strange: string[] = [];
  for (const name of await readdir(folder)) if (!(await isPlain(join(folder, name)))) strange.push(name);
  return strange;
}

/**
 * Removes all but plain files: a process that a stranger's file has taken over could leave a link to a file of ours, and
 * keeping it would hand that out. The process has ended.
 * @returns the names that are left
 */
export async function onlyPlainFiles(folder: string): Promise<string[]> {
  for (const name of await strangeFiles(folder))
    await rm(join(folder, name), { recursive: true, force: true });
  return readdir(folder);
}
