/** A line of JSON for each event, routine ones too: what programs gather. */
import pino from 'pino';
import { events, gradeOf } from './events.ts';
import type { Log } from './log.ts';

const levels = { routine: 'info', notice: 'info', warning: 'warn', error: 'error' } as const;

/**
 * @param name of the process, as the database has it, so that lines and rows can be joined
 * @param write is given whole lines, each with its line feed
 */
export function jsonLog(name: string, write: (line: string) => void): Log {
  const logger = pino(
    {
      base: { process: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
    },
    { write },
  );
  return {
    tell: (event, fields) => {
      const line: object = { event, ...fields };
      logger[levels[gradeOf(event, fields)]](line, events[event][1](fields));
    },
  };
}
