import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { errors } from '../../base/errors.ts';
import type { CliCommand } from '../command.ts';
import { defaultWorkers, wholeNumber } from '../dataset-source.ts';
import { prepareFolder } from '../output.ts';
import { startProgress } from '../progress.ts';
import { figureTable } from '../table.ts';

interface Options {
  list?: true;
  scale: 'smoke' | 'paper';
  data?: string;
  work: string;
  out: string;
  seed: number;
  parallel: number;
  withhold?: true;
  json?: true;
  quiet?: true;
}

/** Where smoke scale looks for data when nobody says: beside a checkout. */
const customaryData = '../shared/data';

export const reproduceCommand: CliCommand = {
  name: 'reproduce',
  register: (command, context) =>
    command
      .summary('run a table or figure of the source documents, paper beside ours')
      .description(
        'Runs one protocol whole: makes its sets, trains, scores, and writes the table with the document’s figures beside ' +
          'ours, and what differs in the setting. Sets and runs are kept and used again; stop it at any moment, the same ' +
          'command goes on. --scale smoke runs in minutes on pseudo-forgeries; --scale paper is the document’s own setting, ' +
          'for those who have its data.',
      )
      .argument('[protocol]', 'such as 003/table2; all for every one')
      .option('--list', 'name all protocols')
      .addOption(new Option('--scale <name>', 'how large').choices(['smoke', 'paper']).default('smoke'))
      .option('--data <folder>', `the data (smoke: default ${customaryData})`)
      .option('--work <folder>', 'where sets and runs are kept', 'runs/reproduce')
      .option('--out <folder>', 'where tables go, a folder a protocol', 'runs/reproduce/tables')
      .addOption(
        new Option('--seed <n>', 'of all that is random').argParser(wholeNumber(0, 2 ** 31)).default(1),
      )
      .addOption(
        new Option('--parallel <n>', 'training runs at once')
          .argParser(wholeNumber(1, 256))
          .default(defaultWorkers + 1),
      )
      .option('--withhold', 'show faces of the data as coarse blocks in drawings, to publish them')
      .option('--json', 'the result as JSON on stdout, a line a protocol')
      .option('--quiet', 'no progress')
      .action(async (id: string | undefined, options: Options) => {
        const { allProtocols, protocolIds } = await import('../../experiments/protocols/index.ts');
        if (options.list) {
          const listed = (await allProtocols()).map(({ id: name, title, source, scales }) => ({
            id: name,
            title,
            source,
            scales,
          }));
          if (options.json) context.stdout.write(`${JSON.stringify(listed)}\n`);
          else {
            const rows = listed.map((p) => [p.id, p.title, p.scales.smoke.cost]);
            context.stdout.write(
              `${figureTable(['protocol', 'what', 'smoke scale costs'], rows, context.colour, 3)}\n`,
            );
          }
          return;
        }
        if (id === undefined) {
          throw errors.USAGE('Which protocol? `mesoscope reproduce --list` names them all.');
        }
        const data = options.data ?? (options.scale === 'smoke' ? customaryData : undefined);
        if (data === undefined) {
          throw errors.USAGE('--scale paper needs --data: the folder of the document’s data.');
        }
        if (!existsSync(data)) throw errors.CLIP_MISSING(data);
        const { reproduce } = await import('../../experiments/reproduce.ts');
        const { markdownOf } = await import('../../experiments/protocols/document.ts');
        const ids = id === 'all' ? protocolIds : [id];
        const progress = startProgress(context.stderr, ids.length, options.quiet === true);
        try {
          for (const [k, name] of ids.entries()) {
            const out = resolve(join(options.out, name.replace('/', '-')));
            await prepareFolder(out);
            progress.begin(k, name);
            const result = await reproduce(name, {
              scale: options.scale,
              data,
              work: options.work,
              out,
              seed: options.seed,
              parallel: options.parallel,
              withhold: options.withhold === true,
              signal: context.signal,
              onStage: (text) => progress.stage(`${name}: ${text}`),
              onShare: (share) => progress.update({ stage: 'frames', done: share, total: 1 }),
            });
            progress.end();
            if (options.json) context.stdout.write(`${JSON.stringify(result)}\n`);
            else context.stdout.write(`${markdownOf(result)}\n`);
            progress.note(`mesoscope: ${out} holds the table, the record and the drawings`);
          }
        } finally {
          progress.stop();
        }
      }),
};
