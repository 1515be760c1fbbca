/** The command line as a function: arguments in, exit code out. */
import { Command, CommanderError } from 'commander';
import { errors } from '../base/errors.ts';
import { version } from '../base/version.ts';
import type { CliCommand, CliContext } from './command.ts';
import { commands, groups } from './commands/index.ts';
import { errorLine, exitCodeOf, exitCodes, tamed } from './io.ts';

/** Never throws for what a user can do: says it on stderr and gives the code. A bug is thrown on. */
export async function runCli(args: readonly string[], outside: Omit<CliContext, 'exit'>): Promise<number> {
  let code: number = exitCodes.done;
  const { stdout } = outside;
  const context: CliContext = {
    ...outside,
    // Whatever a command prints, text from files does not steer the terminal.
    stdout: { write: (text) => stdout.write(tamed(text)), isTTY: stdout.isTTY, columns: stdout.columns },
    exit: (value) => {
      code = value;
    },
  };
  const program = configure(new Command('mesoscope'), context)
    .description('Scans videos and pictures for manipulated faces: who, when, and how sure.')
    .version(version);
  for (const entry of await loadFor(args[0])) {
    const words = entry.name.split(' ');
    let parent = program;
    for (const word of words.slice(0, -1)) {
      const known = parent.commands.find((child) => child.name() === word);
      parent = known ?? configure(parent.command(word), context).description(groups[word] ?? '');
    }
    entry.register(configure(parent.command(words[words.length - 1]), context), context);
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong. Help and version that were asked for are no errors.
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    }
    if (outside.signal.aborted) {
      outside.stderr.write(`${errorLine(errors.INTERRUPTED())}\n`);
      return Number(outside.signal.reason) || exitCodes.interrupted;
    }
    if (!(error instanceof Error && error.name === 'UserError')) throw error;
    outside.stderr.write(`${errorLine(error)}\n`);
    return exitCodeOf(error);
  }
}

/** The commands that begin with the word that was typed; all of them, for help, where none does. */
async function loadFor(word: string | undefined): Promise<CliCommand[]> {
  const names = Object.keys(commands);
  const meant = names.filter((name) => name.split(' ')[0] === word);
  return Promise.all((meant.length > 0 ? meant : names).map((name) => commands[name]()));
}

/** Commander's texts through the context's streams, and its exits as exceptions. */
function configure(command: Command, { stdout, stderr }: CliContext): Command {
  return command
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, 'mesoscope:')),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
    });
}
