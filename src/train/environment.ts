/** Where a run was computed: the numbers of another machine may differ in their last bits. */
import { execFile } from 'node:child_process';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { version } from '../base/version.ts';
import { engineVersion } from '../runtime/version.ts';

export interface Environment {
  mesoscope: string;
  onnxruntime: string;
  node: string;
  system: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  device: string;
  threads: number;
  /** Commit of Mesoscope's own sources, where they are a git checkout; `+` where files differ from it. */
  commit: string | null;
}

export async function describeEnvironment(engine: { device: string; threads: number }): Promise<Environment> {
  return {
    mesoscope: version,
    onnxruntime: engineVersion,
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    device: engine.device,
    threads: engine.threads,
    commit: await commitOfSources(),
  };
}

async function commitOfSources(): Promise<string | null> {
  const folder = fileURLToPath(new URL('../..', import.meta.url));
  const git = async (...words: string[]) =>
    (await promisify(execFile)('git', ['-C', folder, ...words], { timeout: 5000 })).stdout.trim();
  try {
    // A package inside somebody else's checkout must not claim that one's commit.
    if ((await git('rev-parse', '--show-prefix')) !== '') return null;
    const changed = await git('status', '--porcelain', '--untracked-files=no', '--', 'src');
    return `${await git('rev-parse', 'HEAD')}${changed === '' ? '' : '+'}`;
  } catch {
    return null;
  }
}
