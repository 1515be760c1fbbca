import { resolve } from 'node:path';
import { Option } from 'commander';
import { errors } from '../../base/errors.ts';
import { plural } from '../../report/format.ts';
import type { CliCommand, CliContext } from '../command.ts';
import { wholeNumber } from '../dataset-source.ts';
import { exitCodes, oneLine } from '../io.ts';
import { prepareFolder } from '../output.ts';
import { startProgress } from '../progress.ts';
import { joinAsSender, type QueueFlags, queueOptions } from '../queue.ts';
import { figureTable } from '../table.ts';

interface Options extends QueueFlags {
  out?: string;
  data?: string;
  runs?: number;
  parallel?: number;
  json?: true;
  quiet?: true;
}

/** Runs in the table at the end; `mesoscope runs` has all. */
const mostShown = 10;

export const sweepCommand: CliCommand = {
  name: 'sweep',
  register: (command, context) =>
    queueOptions(command)
      .summary('train many runs, drawn at random from ranges in a recipe')
      .description(
        'Draws recipes from a sweep (recipes/*.sweep.json): each key from its own range, by the seed alone. Every run is ' +
          'a process of its own; one that breaks is recorded as failed and the others go on. Stop it at any moment; the ' +
          'same command goes on.',
      )
      .argument('<sweep>', 'the sweep (JSON)')
      .option('--out <folder>', 'where the runs go (default: runs/NAME of the sweep)')
      .option('--data <set>', 'all runs on this set, in place of the sweep’s own')
      .addOption(
        new Option('--runs <n>', 'in place of the sweep’s number').argParser(wholeNumber(1, 100_000)),
      )
      .addOption(
        new Option('--parallel <n>', 'runs at once, in place of the sweep’s').argParser(wholeNumber(1, 256)),
      )
      .option('--json', 'one JSON line a run on stdout')
      .option('--quiet', 'no progress')
      .action(async (path: string, options: Options) => {
        const { onData, readSweep } = await import('../../experiments/sweep-file.ts');
        const { ranked, sweep } = await import('../../experiments/sweep.ts');
        const given = await readSweep(path);
        const read = options.data === undefined ? given : onData(given, resolve(options.data));
        const file = {
          ...read,
          ...(options.runs === undefined ? {} : { runs: options.runs }),
          ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
        };
        const out = resolve(options.out ?? `runs/${file.name}`);
        if (options.queue !== undefined && options.parallel !== undefined) {
          throw errors.USAGE('--parallel is not for --queue: as many runs go on as workers take.');
        }
        await prepareFolder(out);
        const elsewhere =
          options.queue === undefined
            ? undefined
            : await byWorkers(context, options, options.queue, file.runs);
        const progress = startProgress(context.stderr, file.runs, options.quiet === true);
        let done = 0;
        try {
          const runs = await sweep(file, {
            out,
            signal: context.signal,
            ...(elsewhere ? elsewhere.how : {}),
            onBegin: (state) => {
              done = state.done;
              if (done > 0) progress.note(`mesoscope: going on after ${done} of ${state.total} runs`);
              progress.begin(done, file.name);
            },
            onEvent: (run, event) => {
              if (event.kind !== 'train') return;
              progress.begin(done, `run ${run}`);
              progress.update({ stage: 'frames', done: event.step, total: event.steps });
            },
            onRun: (run, finished) => {
              done = finished;
              if (options.json) context.stdout.write(`${JSON.stringify(run)}\n`);
              if (run.failure)
                progress.note(`mesoscope: run ${run.run} failed: ${oneLine(run.failure.message)}`);
              progress.begin(done, `run ${run.run}`);
            },
          });
          progress.stop();
          if (!options.json) {
            const best = ranked(runs);
            const keys = Object.keys(file.parameters);
            const rows = best
              .slice(0, mostShown)
              .map(({ run, best: value, shown }) => [
                String(run),
                value.toFixed(3),
                ...keys.map((key) => short(shown[key])),
              ]);
            const failed = runs.filter(({ status }) => status === 'failed').length;
            context.stdout.write(
              `${figureTable(['run', best[0]?.metric ?? 'metric', ...keys], rows, context.colour)}\n`,
            );
            context.stdout.write(
              `${out}: ${best.length} of ${runs.length} runs trained, ${failed} failed; all: mesoscope runs ${out}\n`,
            );
          }
          const open = runs.filter(({ status }) => status === 'interrupted').length;
          if (open > 0 && !context.signal.aborted) {
            context.stderr.write(
              `mesoscope: ${plural(open, 'run')} cancelled on the server; the same command sends them again\n`,
            );
          }
          if (context.signal.aborted) context.exit(exitCodes.interrupted);
          else if (runs.every(({ status }) => status === 'failed' || status === 'interrupted')) {
            context.exit(exitCodes.failed);
          }
        } finally {
          progress.stop();
          await elsewhere?.stop();
        }
      }),
};

/** How `sweep` has its runs trained, and what ends that. */
async function byWorkers(context: CliContext, options: Options, queue: string, runs: number) {
  const { trainedByWorkers } = await import('../../server/tasks/send-runs.ts');
  const { joined, sender } = await joinAsSender(context, 'train', { ...options, queue });
  const { signal } = context;
  // All wait in the queue at once: it knows whose turn it is.
  return {
    how: { train: trainedByWorkers(joined, { sender, signal }), lanes: runs },
    stop: () => joined.stop(),
  };
}

const short = (value: number | string | undefined) =>
  typeof value === 'number' ? String(Number(value.toPrecision(3))) : (value ?? '');
