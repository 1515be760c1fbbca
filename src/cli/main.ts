#!/usr/bin/env node
import { runCli } from './run.ts';

const interrupt = new AbortController();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    // A second Ctrl-C does not wait for anything.
    if (interrupt.signal.aborted) process.exit(code);
    interrupt.abort(code);
  });
}
// `mesoscope … | head` closes the pipe: what is left to say has no reader, and that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  colour: !process.env.NO_COLOR && process.env.TERM !== 'dumb' && process.stdout.isTTY === true,
  signal: interrupt.signal,
  // Loaded on first use: `--help` and wrong usage answer without it.
  openScanner: async (options) =>
    (await import('../server/confined/confined-scanner.ts')).openConfined(options),
});
