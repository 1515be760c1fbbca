/** The command line in the test's own process, with what it says kept. */
import { runCli } from '../src/cli/run.ts';
import type { ClipScanner } from '../src/server/confined/clip-scanner.ts';
import type { ConfinedOptions } from '../src/server/confined/confined-scanner.ts';

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Refused by default: most commands scan nothing. */
  openScanner?: (options: ConfinedOptions) => Promise<ClipScanner>;
  signal?: AbortSignal;
  /** Of the terminal. */
  columns?: number;
}

export async function command(args: readonly string[], options: CommandOptions = {}): Promise<Said> {
  const {
    openScanner = () => Promise.reject(new Error('no scanner was expected')),
    signal = new AbortController().signal,
    columns = 120,
  } = options;
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said) => ({
    write: (text: string) => {
      said[name] += text;
    },
    columns,
  });
  const streams = { stdout: stream('stdout'), stderr: stream('stderr') };
  const code = await runCli(args, { ...streams, colour: false, signal, openScanner });
  return { code, ...said };
}
