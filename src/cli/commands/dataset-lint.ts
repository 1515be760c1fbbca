import { Option } from 'commander';
import type { LintReport } from '../../data/lint/index.ts';
import type { CliCommand } from '../command.ts';
import { openNamedSource, type SourceFlags, sourceOptions, wholeNumber } from '../dataset-source.ts';
import { exitCodes, oneLine } from '../io.ts';

interface Options extends SourceFlags {
  limit?: number;
  json?: true;
  quiet?: true;
}

export const datasetLint: CliCommand = {
  name: 'dataset lint',
  register: (command, context) =>
    sourceOptions(command)
      .summary('look for leaks, duplicates and shortcuts in a data set')
      .description(
        'Looks for what makes figures dishonest: people on both sides of a split, pictures that are there twice, ' +
          'labels that conflict, classes that file size, JPEG quality, resolution, codec or black borders tell apart, ' +
          'masks and files that cannot be used. Exits with 1 where it finds any.',
      )
      .argument('<set>', 'a data set, or any source of pictures or videos')
      .addOption(new Option('--limit <n>', 'look at so many items').argParser(wholeNumber(1, 1e9)))
      .option('--json', 'the findings as JSON on stdout')
      .option('--quiet', 'no progress')
      .action(async (path: string, options: Options) => {
        const { lint } = await import('../../data/lint/index.ts');
        const source = await openNamedSource(path, options);
        let last = performance.now();
        const report = await lint(source, {
          limit: options.limit,
          signal: context.signal,
          onItem: (done, total) => {
            if (options.quiet || performance.now() - last < 10_000) return;
            last = performance.now();
            context.stderr.write(`mesoscope: ${done} of ${total} looked at\n`);
          },
        });
        context.stdout.write(options.json ? `${JSON.stringify(report)}\n` : words(path, report));
        if (report.findings.length > 0) context.exit(exitCodes.failed);
      }),
};

function words(
  path: string,
  { items, inspected, real, manipulated, findings, shortcuts }: LintReport,
): string {
  const lines = [
    `${path}: ${items} items (${real} real, ${manipulated} manipulated), ${inspected} looked at`,
  ];
  for (const { kind, count, text, examples } of findings) {
    lines.push(`${kind}: ${count} ${text}`.replace(/^shortcut: \d+ /, 'shortcut: '));
    lines.push(...examples.map((example) => `  ${example}`));
    if (count > examples.length) lines.push(`  and ${count - examples.length} more`);
  }
  if (shortcuts) {
    const [low, high] = shortcuts.interval.map((value) => value.toFixed(3));
    const strongest = shortcuts.features.slice(0, 3).map(({ name, auc }) => `${name} ${auc.toFixed(3)}`);
    lines.push(
      `files alone: AUC ${shortcuts.auc.toFixed(3)} [${low}, ${high}], 0.5 being blind${strongest.length > 0 ? `; alone: ${strongest.join(', ')}` : ''}`,
    );
  } else lines.push('files alone: too few items of a class to tell');
  if (findings.length === 0) lines.push('nothing found');
  return `${lines.map(oneLine).join('\n')}\n`;
}
