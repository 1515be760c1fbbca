/** Progress and summary of the commands that build a data set. */
import type { PartRecord } from '../data/build/part.ts';
import type { SetReport } from '../data/build/report.ts';
import { bytes as formatBytes } from '../report/format.ts';
import type { CliContext } from './command.ts';
import { exitCodes, oneLine } from './io.ts';
import { type Progress, startProgress } from './progress.ts';

export interface BuildDisplay {
  onBegin(state: { done: number; total: number; damaged: readonly string[] }): void;
  onUnit(name: string, part: PartRecord): void;
  stop(): void;
}

export function showBuild({ stderr }: CliContext, quiet: boolean): BuildDisplay {
  let progress: Progress | undefined;
  let units = 0;
  return {
    onBegin: ({ done, total, damaged }) => {
      if (done > 0 && !quiet) stderr.write(`mesoscope: going on after ${done} of ${total} units\n`);
      for (const name of damaged) stderr.write(`mesoscope: ${oneLine(name)} is damaged and is made again\n`);
      progress = startProgress(stderr, total - done, quiet);
    },
    onUnit: (name, { failures }) => {
      for (const { file, reason } of failures)
        progress?.note(`mesoscope: ${oneLine(file)}: ${oneLine(reason)}`);
      progress?.begin(units++, name);
      progress?.end();
    },
    stop: () => progress?.stop(),
  };
}

/** Failures that are named on the terminal; the report has all. */
const mostShown = 20;

/** Says what was made and what was not; the exit code is 1 where anything failed. */
export function summariseBuild(context: CliContext, report: SetReport, out: string, json: boolean): void {
  const { stdout, stderr } = context;
  const { items, real, manipulated, masks, shards, failures, droppedByReason } = report;
  if (json) stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    const lines = [
      `${out}: ${items} pictures (${real} real, ${manipulated} manipulated, ${masks} with masks) in ${shards.length} shards, ${formatBytes(bytes)}`,
      ...droppedByReason.map(({ reason, count }) => `left out ${count}: ${reason}`),
      ...(failures.length > 0 ? [`failed ${failures.length}:`] : []),
      ...failures.slice(0, mostShown).map(({ id, file, reason }) => `  ${file || id}: ${reason}`),
      ...(failures.length > mostShown ? [`  and ${failures.length - mostShown} more`] : []),
      ...(droppedByReason.length + failures.length > 0 ? [`each is listed in ${out}/report.json`] : []),
    ];
    stdout.write(`${lines.map(oneLine).join('\n')}\n`);
  }
  if (failures.length > 0) {
    stderr.write(`mesoscope: ${failures.length} could not be used; the rest is whole\n`);
    context.exit(exitCodes.failed);
  }
}
