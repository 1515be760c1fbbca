/** Whether this process's analyses are confined; told once, where they are not. */
import type { ServerConfig } from '../config.ts';
import type { Log } from '../watch/log.ts';
import { decideSandbox, probeConfinement } from './sandbox.ts';

/** @throws SANDBOX_UNAVAILABLE where they must be and cannot */
export async function decideConfinement({ job }: Pick<ServerConfig, 'job'>, log: Log): Promise<boolean> {
  const confinement = await probeConfinement();
  const confined = decideSandbox(job.sandbox, confinement);
  if (!confined) log.tell('unconfined', { why: confinement.reason || 'job.sandbox is off' });
  return confined;
}
