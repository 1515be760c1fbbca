import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { InvalidArgumentError, Option } from 'commander';
import type { WorkKind } from '../../server/database/living.ts';
import type { Joined } from '../../server/work.ts';
import type { CliCommand } from '../command.ts';
import { exitCodeOf, exitCodes } from '../io.ts';
import { logOption, openLog, tellWhyNot } from '../server-log.ts';

interface Options {
  database?: string;
  store?: string;
  concurrency?: number;
  threads?: number;
  pin?: string;
  config?: string;
  log?: string;
  metricsPort?: number;
  metricsHost?: string;
  kinds: readonly WorkKind[];
  quiet?: true;
}

/** Whatever does not end by then is left to others, who find out that this one is gone, ms. */
const endsWithin = 9_500;

export const workerCommand: CliCommand = {
  name: 'worker',
  register: (command, { stdout, stderr, signal, exit }) =>
    command
      .summary('do the work of a queue: clips, parts of data sets, runs of sweeps')
      .description(
        'Takes clips from the queue of `mesoscope serve`, on this machine or any other that reaches its database and its ' +
          'store, and puts the results back. Start as many as you like; stop or kill them at any time: what one did not ' +
          'finish, another begins again.',
      )
      .option('--database <url>', 'postgres://… of the server; better set MESOSCOPE_DATABASE, which hides it')
      .option('--store <place>', "the server's store: s3://bucket/prefix, or its folder; or MESOSCOPE_STORE")
      .option('--concurrency <n>', 'analyses at a time (default: 1)', whole(1, 64))
      .option('--threads <n>', 'threads of one analysis (default: 2)', whole(1, 256))
      .option('--pin <file>', 'use no detectors but those whose hashes this list has, as sha256sum prints it')
      .addOption(
        new Option(
          '--kinds <list>',
          'what it takes: scan (clips), prepare (parts of data sets), train (runs of sweeps; a machine for hours)',
        )
          .argParser(kindsOf)
          .default(['scan', 'prepare'], 'scan,prepare'),
      )
      .option('--config <file>', 'limits, as JSON: `clip`, `job`, `prepare` and `train` of docs/server.md')
      .option(
        '--metrics-port <n>',
        'tell /metrics, /healthz and /readyz there; 0: any free port (default: nowhere)',
        whole(0, 65_535),
      )
      .option('--metrics-host <address>', 'address of that port (default: 127.0.0.1)')
      .addOption(logOption())
      .option('--quiet', 'say nothing but errors')
      .addHelpText('after', more)
      .action(async (options: Options) => {
        const { makeConfig, readConfigFile } = await import('../../server/config.ts');
        const { startWorker } = await import('../../server/work.ts');
        const file = options.config === undefined ? {} : await readConfigFile(options.config);
        const config = makeConfig(merged(file, options));
        const log = await openLog(config.log, 'worker', stderr);
        let worker: Joined;
        try {
          worker = await startWorker(config, { log, kinds: options.kinds });
        } catch (error) {
          tellWhyNot(log, error, stderr);
          return exit(exitCodeOf(error));
        }
        const { store, watchedAt } = worker;
        log.tell('started', {
          ...{ store, slots: config.job.slots },
          ...(watchedAt === undefined ? {} : { watchedAt }),
        });
        if (!options.quiet && !log.json) {
          stdout.write(`Mesoscope works, ${config.job.slots} at a time, with clips from ${store}\n`);
          if (watchedAt !== undefined) stdout.write(`Metrics at ${watchedAt}/metrics\n`);
        }
        if (!signal.aborted) await once(signal, 'abort');
        if (!options.quiet) log.tell('stopping', {});
        const code = Number(signal.reason) || exitCodes.interrupted;
        const late = setTimeout(endsWithin, 'late', { ref: false });
        if ((await Promise.race([worker.stop(), late])) === 'late') process.exit(code);
        exit(code);
      }),
};

const more = `
A bucket is reached with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, for one that is not Amazon's,
AWS_ENDPOINT_URL_S3.

Example, on the machine that people send clips to and on two others:
  mesoscope serve --database postgres://db/mesoscope --store s3://clips/mesoscope --jobs 0
  mesoscope worker --database postgres://db/mesoscope --store s3://clips/mesoscope --concurrency 4

Ctrl-C and SIGTERM finish or hand back what runs within 10 s. docs/workers.md tells the rest.`;

/** What was typed wins over the environment, and that over the file. */
function merged(file: Record<string, unknown>, options: Options): Record<string, unknown> {
  const database = options.database ?? process.env.MESOSCOPE_DATABASE;
  const store = options.store ?? process.env.MESOSCOPE_STORE;
  const { concurrency, threads, pin, log, metricsPort, metricsHost } = options;
  return {
    ...file,
    ...(database ? { database } : {}),
    ...(store ? { store } : {}),
    ...(pin === undefined ? {} : { pins: pin }),
    ...(log === undefined ? {} : { log }),
    ...(metricsPort === undefined ? {} : { metricsPort }),
    ...(metricsHost === undefined ? {} : { metricsHost }),
    job: {
      ...(file.job as object | undefined),
      ...(concurrency === undefined ? {} : { slots: concurrency }),
      ...(threads === undefined ? {} : { threads }),
    },
  };
}

const known: readonly WorkKind[] = ['scan', 'prepare', 'train'];

function kindsOf(text: string): readonly WorkKind[] {
  const names = new Set(text.split(',').map((name) => name.trim()));
  if (![...names].every((name) => (known as readonly string[]).includes(name))) {
    throw new InvalidArgumentError(`One or more of ${known.join(', ')} are wanted, with commas between.`);
  }
  return known.filter((name) => names.has(name));
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
