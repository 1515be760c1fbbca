/** Whether this process's analyses are confined; told once, where they are not. */
import type { ServerConfig } from '../config.ts';
import { decideSandbox, probeConfinement } from './sandbox.ts';

/** @throws SANDBOX_UNAVAILABLE where they must be and cannot */
export async function decideConfinement(
  { job }: Pick<ServerConfig, 'job'>,
  log: (line: string) => void,
): Promise<boolean> {
  const confinement = await probeConfinement();
  const confined = decideSandbox(job.sandbox, confinement);
  if (!confined) log(`analyses are not confined: ${confinement.reason || 'job.sandbox is off'}`);
  return confined;
}
