/** The command that repeats an analysis of the server's. */
import { formatSampling, parseSampling } from '../../media/sampling.ts';
import { replayCommand } from '../../report/replay.ts';

/** Of the intervals; the server's analyses all take the same. */
export const analysisSeed = 0;

export function replayOf({
  name,
  detector,
  sample,
}: {
  name: string;
  detector: string;
  sample: string;
}): string {
  const policy = formatSampling(parseSampling(sample));
  const given = ['--sample', policy, '--detector', detector, '--seed', `${analysisSeed}`];
  return replayCommand([name], given, 'results');
}
