/**
 * Confines itself, and then becomes the program that it was given. A program of its own, because Landlock and seccomp hold
 * for a thread and what comes after it: once Node runs a program, its other threads are long started.
 *
 * argv: one JSON {@link LaunchPlan}.
 */
import { describe } from '../../base/errors.ts';
import { landlockVersion, restrictPaths } from './landlock.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { type Libc, openLibc } from './libc.ts';
import { callFilter } from './seccomp.ts';

/** Of a program that could not be confined, or not be started. A shell gives its own below 128 too; 64 and on are free. */
const failed = 71;

const plan = JSON.parse(process.argv[2]) as LaunchPlan;
try {
  const libc = await openLibc();
  if (plan.probe) {
    const filter = callFilter(process.arch) !== undefined;
    process.stdout.write(JSON.stringify({ landlock: landlockVersion(libc), filter }));
  } else become(libc, plan);
} catch (error) {
  process.stderr.write(`sandbox: ${describe(error)}\n`);
  process.exitCode = failed;
}

function become(libc: Libc, { program, args, paths }: LaunchPlan): void {
  libc.endWithParent();
  restrictPaths(libc, paths);
  const filter = callFilter(process.arch);
  if (!filter) throw new Error(`system calls of ${process.arch} are not known`);
  libc.filterCalls(filter);
  // Standard ones, and the channel to the server.
  for (const file of [0, 1, 2, 3]) libc.keepOpen(file);
  libc.replace(program, [program, ...args], process.env as Record<string, string>);
  throw new Error(`${program} cannot be started`);
}
