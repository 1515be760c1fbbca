/** What the launcher is told. */
import type { Paths } from './landlock.ts';

export interface LaunchPlan {
  /** Only says what could be confined here, as JSON on stdout. */
  probe?: true;
  program: string;
  args: readonly string[];
  paths: Paths;
}
