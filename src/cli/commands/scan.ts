import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { describe, errors } from '../../base/errors.ts';
import { parseAggregation } from '../../detect/aggregate.ts';
import { defaultDetector } from '../../detect/bundled.ts';
import type { Aggregation } from '../../detect/contract.ts';
import { readPins } from '../../detect/pins.ts';
import type { ScannerOptions } from '../../detect/scanner.ts';
import { defaultSampling, formatSampling, parseSampling, type Sampling } from '../../media/sampling.ts';
import { userKeyPath } from '../../report/bundle/key.ts';
import type { Device } from '../../runtime/devices.ts';
import type { Sandbox } from '../../server/confined/confined-scanner.ts';
import type { CliCommand } from '../command.ts';
import { scanBatch } from '../scan-batch.ts';

/** `devices` of the runtime, whose module loads the engine: help must not wait for that. A test compares the two. */
export const deviceNames: readonly Device[] = ['cpu', 'webgpu', 'cuda'];

interface Options {
  json?: true;
  out?: string;
  detector?: string;
  pin?: string;
  bundle?: true;
  evidenceKey?: string;
  sample: Sampling;
  aggregate?: Aggregation['frames'];
  device: Device;
  threads: number;
  seed: number;
  failOn?: 'likely';
  stability?: true;
  archive?: true;
  watch?: number;
  jobs: number;
  queue?: string;
  sandbox: Sandbox;
  store?: string;
  sender?: string;
  priority: 'low' | 'normal' | 'high';
  quiet?: true;
}

export const scan: CliCommand = {
  name: 'scan',
  register: (command, context) =>
    command
      .summary('look for manipulated faces in videos and pictures')
      .description(
        'Looks for manipulated faces in videos and pictures: who, when, and how sure. Folders are searched for media.',
      )
      .argument('<paths...>', 'files or folders')
      .option('--json', 'one JSON line a clip on stdout (docs/result.md)')
      .option('--out <folder>', 'write JSON and an HTML report a clip there, and summary.html')
      .option('--bundle', 'with --out: a signed evidence bundle a clip (`mesoscope report verify` checks it)')
      .option(
        '--evidence-key <file>',
        'private key that signs bundles, made where there is none (default: one in your configuration folder)',
      )
      .option('--detector <file|name>', `detector (default: ${defaultDetector})`)
      .option('--pin <file>', 'load no detector but those whose hashes this list has, as sha256sum prints it')
      .addOption(
        new Option(
          '--sample <policy>',
          'frames to look at: even:N, fps:N, every:N, range:START+COUNT, keyframes',
        )
          .argParser(asOption(parseSampling))
          .default(defaultSampling, formatSampling(defaultSampling)),
      )
      .addOption(
        new Option('--aggregate <rule>', "frames to a track's score: mean, top-k:SHARE, max, confident")
          .argParser(asOption(aggregationOf))
          .default(undefined, "the detector's own"),
      )
      .addOption(new Option('--device <device>', 'where networks run').choices(deviceNames).default('cpu'))
      .addOption(
        new Option('--threads <n>', 'threads of decoder and networks').argParser(whole(1, 256)).default(2),
      )
      .addOption(
        new Option('--seed <n>', 'of the intervals').argParser(whole(0, Number.MAX_SAFE_INTEGER)).default(0),
      )
      .addOption(
        new Option('--fail-on <verdict>', 'exit with 3 when a clip has this verdict').choices(['likely']),
      )
      .option('--stability', 'also scan each clip re-encoded, smaller, cut, and at other frames (slow)')
      .option(
        '--archive',
        'for very many files: goes on where it was, writes results/*.jsonl, parquet/*.parquet and archive.html to --out',
      )
      .addOption(
        new Option(
          '--watch <seconds>',
          'with --archive: look again every so many seconds, until Ctrl-C',
        ).argParser(whole(1, 86_400)),
      )
      .addOption(
        new Option(
          '--jobs <n>',
          'with --archive: files at a time, each in a process of its own with its --threads, some 300 MiB each',
        )
          .argParser(whole(1, 256))
          .default(1),
      )
      .option(
        '--queue <url>',
        'let `mesoscope worker` processes do it: postgres://… of their queue (docs/workers.md)',
      )
      .option(
        '--store <place>',
        'with --queue: s3://bucket/prefix or the folder that workers read clips from',
      )
      .option('--sender <name>', 'with --queue: who sends; senders take turns (default: user and machine)')
      .addOption(
        new Option('--priority <level>', 'with --queue: all of a higher one come first')
          .choices(['low', 'normal', 'high'])
          .default('normal'),
      )
      .addOption(
        new Option(
          '--sandbox <how>',
          'files are opened in a process that may do nothing else: where this machine can, must, or not',
        )
          .choices(['auto', 'require', 'off'])
          .default('auto'),
      )
      .option('--quiet', 'no progress and no table; errors are still told')
      .addHelpText('after', exitCodeHelp)
      .action(async (paths: string[], options: Options, self: Command) => {
        if (options.bundle && (options.out === undefined || options.archive)) {
          throw errors.USAGE('--bundle needs --out, and is for single clips, not for --archive.');
        }
        const scanner: ScannerOptions & { sandbox: Sandbox } = {
          device: options.device,
          threads: options.threads,
          seed: options.seed,
          sandbox: options.sandbox,
          ...(options.detector !== undefined ? { detector: options.detector } : {}),
          ...(options.aggregate ? { aggregation: options.aggregate } : {}),
          ...(options.pin === undefined ? {} : { pins: await readPins(options.pin) }),
        };
        const batch = {
          paths,
          scanner,
          sampling: options.sample,
          json: options.json === true,
          quiet: options.quiet === true,
          out: options.out,
          failOnLikely: options.failOn === 'likely',
          stability: options.stability === true,
          given: givenOptions(self),
          bundleKey: options.bundle ? (options.evidenceKey ?? userKeyPath()) : undefined,
        };
        if (options.queue !== undefined) {
          const refused = notForQueues.filter((name) => self.getOptionValueSource(name) === 'cli');
          if (refused.length > 0) {
            throw errors.USAGE(`--${refused[0]} is not for --queue: workers analyse as the server does.`);
          }
          const { queueScan } = await import('../queue-scan.ts');
          const store = options.store ?? process.env.MESOSCOPE_STORE;
          const { queue: database, sender, priority, pin: pins } = options;
          const { detector } = scanner;
          context.exit(
            await queueScan(context, { ...batch, database, store, sender, priority, detector, pins }),
          );
          return;
        }
        if (options.archive) {
          if (options.out === undefined)
            throw errors.USAGE('--archive needs --out: the folder that results go to.');
          if (options.stability) throw errors.USAGE('--stability is for single clips, not for --archive.');
          const { archiveScan } = await import('../archive/archive-scan.ts');
          context.exit(
            await archiveScan(context, {
              ...batch,
              out: options.out,
              watchSeconds: options.watch,
              jobs: options.jobs,
            }),
          );
          return;
        }
        if (options.watch !== undefined) throw errors.USAGE('--watch needs --archive.');
        if (options.jobs > 1) throw errors.USAGE('--jobs needs --archive.');
        context.exit(await scanBatch(context, batch));
      }),
};

/** What changes numbers in ways that a shared queue does not know, or needs this process to see frames. */
const notForQueues = [
  'aggregate',
  'device',
  'threads',
  'seed',
  'stability',
  'archive',
  'watch',
  'jobs',
  'sandbox',
];

const exitCodeHelp = `
Exit codes: 0 scanned, 1 some input failed (the others are still done), 2 wrong usage,
3 with --fail-on when a clip has that verdict, 130 after Ctrl-C.`;

function aggregationOf(text: string): Aggregation['frames'] {
  const rule = parseAggregation(text);
  if (!rule) throw errors.USAGE(`Unknown aggregation "${text}": use mean, top-k:SHARE, max or confident.`);
  return rule;
}

/** A parser's own error as commander's, which names the option. */
function asOption<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(describe(error));
    }
  };
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

/** Options that shape the numbers, as they would be typed: for the command that replays a scan. */
function givenOptions(command: Command): string[] {
  const options = command.opts<Options>();
  const rule = options.aggregate;
  const from = (name: keyof Options) => command.getOptionValueSource(name) === 'cli';
  return [
    ...['--sample', formatSampling(options.sample)],
    ...(from('detector') ? ['--detector', String(options.detector)] : []),
    ...(rule ? ['--aggregate', rule.kind === 'top-k' ? `top-k:${rule.share}` : rule.kind] : []),
    ...(from('device') ? ['--device', options.device] : []),
    ...['--seed', String(options.seed)],
    ...(options.stability ? ['--stability'] : []),
  ];
}
