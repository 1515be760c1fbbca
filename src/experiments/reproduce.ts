/** Runs one protocol whole: sets, trainings, scores, table, and what the document says beside it. */

import { type Reproduction, reproductionOf, writeReproduction } from './protocols/document.ts';
import { protocolNamed } from './protocols/index.ts';
import { Laboratory, type LaboratoryOptions } from './protocols/laboratory.ts';

/**
 * Sets and runs that are there already are used again. Throws PROTOCOL_UNKNOWN, CLIP_MISSING where the data folder
 * lacks something, RUN_FAILED, OUTPUT_UNWRITABLE, and the signal's reason.
 */
export async function reproduce(
  id: string,
  { out, ...options }: LaboratoryOptions & { out: string },
): Promise<Reproduction> {
  const protocol = await protocolNamed(id);
  const laboratory = new Laboratory(options);
  const began = performance.now();
  const outcome = await protocol.run(laboratory);
  const seconds = (performance.now() - began) / 1000;
  const { scale, seed } = laboratory;
  const reproduction = await reproductionOf(protocol, outcome, { scale, seed, seconds });
  await writeReproduction(out, reproduction, outcome.drawings);
  return reproduction;
}
