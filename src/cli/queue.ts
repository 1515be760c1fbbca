/** What all commands share that let workers do their work: how the queue is named, and who sends. */
import { hostname, userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import { errors } from '../base/errors.ts';
import type { PriorityName, Sender } from '../server/database/turns.ts';
import type { TaskKind } from '../server/jobs/queue.ts';
import type { Joined } from '../server/work.ts';
import type { CliContext } from './command.ts';
import { oneLine } from './io.ts';

export interface QueueFlags {
  queue?: string;
  store?: string;
  sender?: string;
  priority: PriorityName;
}

/** Adds the options that say which queue and which store. */
export function queueOptions(command: Command): Command {
  return command
    .option(
      '--queue <url>',
      'let `mesoscope worker` processes do it: postgres://… of their queue (docs/workers.md)',
    )
    .option('--store <place>', 'with --queue: s3://bucket/prefix or the folder that workers read files from')
    .option('--sender <name>', 'with --queue: who sends; senders take turns (default: user and machine)')
    .addOption(
      new Option('--priority <level>', 'with --queue: all of a higher one come first')
        .choices(['low', 'normal', 'high'])
        .default('normal'),
    );
}

/** The name that was given, or user and machine. @throws USAGE */
export async function senderName(given: string | undefined): Promise<string> {
  // Loaded when met: it brings the server's wire types.
  const { senderSchema } = await import('../server/api.ts');
  const name = given ?? `${userInfo().username}@${hostname()}`.replace(/[^\w.@:/-]/g, '_').slice(0, 64);
  const named = senderSchema.safeParse(name);
  if (!named.success) throw errors.USAGE(`--sender must be ${senderSchema.description}.`);
  return named.data;
}

/** Joins the queue to send work of one kind, and says so where nobody is there to do it. @throws as `joinQueue` */
export async function joinAsSender(
  { stderr }: Pick<CliContext, 'stderr'>,
  kind: TaskKind,
  { queue, store = process.env.MESOSCOPE_STORE, sender, priority }: QueueFlags & { queue: string },
): Promise<{ joined: Joined; sender: Sender }> {
  const { makeConfig } = await import('../server/config.ts');
  const { forPeople } = await import('../server/watch/log.ts');
  const { joinQueue } = await import('../server/work.ts');
  const { hasWorker } = await import('../server/database/living.ts');
  const { priorities } = await import('../server/database/turns.ts');
  const client = await senderName(sender);
  const write = (line: string) => void stderr.write(`mesoscope: ${oneLine(line)}\n`);
  const config = makeConfig({ database: queue, ...(store === undefined ? {} : { store }) });
  const joined = await joinQueue(config, 'sender', { log: forPeople(write) });
  if (!(await hasWorker(joined.database, kind))) {
    write(`nobody takes this work yet: start \`mesoscope worker --kinds ${kind}\`, here or elsewhere`);
  }
  return { joined, sender: { client, priority: priorities[priority] } };
}
