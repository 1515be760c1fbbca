import type { Command } from 'commander';
import type { ClipScanner } from '../server/confined/clip-scanner.ts';
import type { ConfinedOptions } from '../server/confined/confined-scanner.ts';
import type { Io } from './io.ts';

/** What a command is given beside its options. */
export interface CliContext extends Io {
  readonly openScanner: (options: ConfinedOptions) => Promise<ClipScanner>;
  /** The exit code that the process ends with. */
  exit(code: number): void;
}

export interface CliCommand {
  /** As typed: `scan`, `model show`. The file is named after it. */
  readonly name: string;
  /** Describes the command and says what it does. Throws UserErrors; sets other exit codes by the context. */
  register(command: Command, context: CliContext): unknown;
}
