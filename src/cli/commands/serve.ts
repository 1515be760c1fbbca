import { once } from 'node:events';
import { InvalidArgumentError } from 'commander';
import { errors } from '../../base/errors.ts';
import type { RunningServer } from '../../server/server.ts';
import type { CliCommand } from '../command.ts';
import { exitCodeOf, exitCodes } from '../io.ts';
import { logOption, openLog, tellWhyNot } from '../server-log.ts';

interface Options {
  port?: number;
  host?: string;
  data?: string;
  database?: string;
  store?: string;
  token?: string;
  jobs?: number;
  runs?: string;
  pin?: string;
  evidenceKey?: string;
  allowHost?: string[];
  config?: string;
  log?: string;
  quiet?: true;
}

export const serve: CliCommand = {
  name: 'serve',
  register: (command, { stdout, stderr, signal, exit }) =>
    command
      .summary('the pages and the HTTP API, on this machine')
      .description(
        'Serves the pages and the HTTP API. Listens on this machine alone unless told otherwise, and then needs a token. ' +
          'Everything is kept in one folder; a server that is killed goes on where it was.',
      )
      .option('--port <n>', 'port (default: 7878; 0: any free one)', whole(0, 65_535))
      .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
      .option('--data <folder>', 'folder of everything that is kept (default: mesoscope-data)')
      .option('--database <url>', 'postgres://… instead of the embedded database; or MESOSCOPE_DATABASE')
      .option(
        '--store <place>',
        's3://bucket/prefix or a folder for the clips, where workers reach them; or MESOSCOPE_STORE (default: --data)',
      )
      .option(
        '--token <token>',
        'asked of everyone; better set MESOSCOPE_TOKEN, which other users cannot see',
      )
      .option('--jobs <n>', 'analyses at a time; 0 leaves them to workers (default: 1)', whole(0, 64))
      .option('--runs <folder>', 'show the training runs in this folder')
      .option('--pin <file>', 'use no detectors but those whose hashes this list has, as sha256sum prints it')
      .option(
        '--evidence-key <file>',
        'private key that signs evidence bundles (default: one in the data folder)',
      )
      .option('--allow-host <name...>', 'further host names to answer to')
      .option('--config <file>', 'limits and all else, as JSON (docs/server.md)')
      .addOption(logOption())
      .option('--quiet', 'say nothing but errors')
      .action(async (options: Options) => {
        const { makeConfig, readConfigFile } = await import('../../server/config.ts');
        const { startServer } = await import('../../server/server.ts');
        const file = options.config === undefined ? {} : await readConfigFile(options.config);
        const config = makeConfig(merged(file, options));
        const log = await openLog(config.log, 'serve', stderr);
        if (!options.quiet) log.tell('starting', {});
        let server: RunningServer;
        try {
          server = await startServer(config, { log });
        } catch (error) {
          tellWhyNot(log, error, stderr);
          return exit(exitCodeOf(error));
        }
        log.tell('started', { url: server.url, slots: config.job.slots });
        if (!options.quiet && !log.json) {
          const pages = (await import('node:fs')).existsSync(`${config.pages}/index.html`);
          stdout.write(`Mesoscope serves at ${server.url}\n`);
          if (!pages) stderr.write(`mesoscope: ${errors.PAGES_NOT_BUILT().message}\n`);
        }
        if (!signal.aborted) await once(signal, 'abort');
        if (!options.quiet) log.tell('stopping', {});
        await server.stop();
        exit(Number(signal.reason) || exitCodes.interrupted);
      }),
};

/** What was typed, and what the environment says (it hides secrets from other users), win over the file. */
function merged(file: Record<string, unknown>, options: Options): Record<string, unknown> {
  const { port, host, data, jobs, runs, pin, evidenceKey, allowHost, log } = options;
  const token = options.token ?? process.env.MESOSCOPE_TOKEN;
  const database = options.database ?? process.env.MESOSCOPE_DATABASE;
  const store = options.store ?? process.env.MESOSCOPE_STORE;
  const typed = {
    ...(port !== undefined ? { port } : {}),
    ...(host !== undefined ? { host } : {}),
    ...(data !== undefined ? { data } : {}),
    ...(database ? { database } : {}),
    ...(store ? { store } : {}),
    ...(runs !== undefined ? { runs } : {}),
    ...(log !== undefined ? { log } : {}),
    ...(pin !== undefined ? { pins: pin } : {}),
    ...(evidenceKey !== undefined ? { evidenceKey } : {}),
    ...(allowHost !== undefined ? { hosts: allowHost } : {}),
    ...(token ? { token } : {}),
  };
  const job = jobs === undefined ? {} : { job: { ...(file.job as object | undefined), slots: jobs } };
  return { ...file, ...typed, ...job };
}

function whole(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`A whole number from ${low} to ${high} is wanted.`);
    }
    return value;
  };
}
