import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/media-fixtures.ts';
import { findMedia } from './find.ts';

const file = temporaryFolder();

beforeAll(async () => {
  for (const folder of ['tree/b/deep', 'tree/.hidden', 'tree/empty', 'other']) {
    await mkdir(file(folder), { recursive: true });
  }
  for (const name of [
    'tree/B.MP4',
    'tree/a.mp4',
    'tree/notes.txt',
    'tree/.secret.mp4',
    'tree/.hidden/x.mp4',
    'tree/b/1.jpg',
    'tree/b/deep/2.webm',
    'other/3.mov',
  ]) {
    await writeFile(file(name), '');
  }
  await symlink(file('tree'), file('tree/b/loop'));
  await symlink(file('other'), file('tree/link'));
  await symlink(file('nowhere'), file('tree/dangling.mp4'));
});

async function found(paths: string[], onProblem?: (path: string) => void): Promise<string[]> {
  const names: string[] = [];
  for await (const path of findMedia(paths, onProblem && { onProblem }))
    names.push(relative(file('.'), path));
  return names;
}

describe('findMedia', () => {
  it('walks folders in order, follows links once, skips hidden files and other files', async () => {
    expect(await found([file('tree')])).toEqual([
      'tree/B.MP4',
      'tree/a.mp4',
      'tree/b/1.jpg',
      'tree/b/deep/2.webm',
      'tree/link/3.mov',
    ]);
  });

  it('passes on files that are named, whatever they are called and whether they exist', async () => {
    const named = [file('tree/notes.txt'), file('tree/.secret.mp4'), file('missing.mp4')];
    expect(await found(named)).toEqual(['tree/notes.txt', 'tree/.secret.mp4', 'missing.mp4']);
  });

  it('tells of a folder without media, and can go on', async () => {
    await expect(found([file('tree/empty')])).rejects.toMatchObject({ code: 'FOLDER_WITHOUT_MEDIA' });
    const problems: string[] = [];
    const names = await found([file('tree/empty'), file('other')], (path) => problems.push(path));
    expect(names).toEqual(['other/3.mov']);
    expect(problems).toEqual([file('tree/empty')]);
  });

  it('yields before it has seen everything', async () => {
    const paths = function* () {
      yield file('other');
      throw new Error('asked for more than was wanted');
    };
    for await (const path of findMedia(paths())) {
      expect(relative(file('.'), path)).toBe('other/3.mov');
      break;
    }
  });
});
