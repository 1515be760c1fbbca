/** The log of `serve` and `worker` on stderr, in the form that was asked for. */
import { Option } from 'commander';
import { UserError } from '../base/errors.ts';
import { processName } from '../server/database/living.ts';
import { forPeople, type Log } from '../server/watch/log.ts';
import { errorLine, oneLine, type Stream, tamed } from './io.ts';

/** Of both commands. */
export const logOption = () =>
  new Option(
    '--log <form>',
    'what is told: for people, or a line of JSON for each event (default: people)',
  ).choices([...['people', 'json']]);

export interface ServerLog extends Log {
  /** Programs read it: nothing else may be written between its lines. */
  readonly json: boolean;
}

/** @param what is the command's name; the process is known by it */
export async function openLog(
  form: 'people' | 'json',
  what: 'serve' | 'worker',
  stderr: Stream,
): Promise<ServerLog> {
  if (form === 'people') {
    return { ...forPeople((line) => void stderr.write(`mesoscope: ${oneLine(line)}\n`)), json: false };
  }
  // Loaded where it is asked for: people need no writer of JSON.
  const { jsonLog } = await import('../server/watch/json-log.ts');
  return { ...jsonLog(processName(what), (line) => void stderr.write(tamed(line))), json: true };
}

/** As the command line would tell it, but as an event where programs read. Throws on what is a bug. */
export function tellWhyNot(log: ServerLog, error: unknown, stderr: Stream): void {
  if (!(error instanceof UserError)) throw error;
  if (!log.json) stderr.write(`${errorLine(error)}\n`);
  else log.tell('not started', { code: error.code, why: error.message });
}
