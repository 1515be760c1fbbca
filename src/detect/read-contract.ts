/** A detector's contract without its network: whoever only lists detectors must not wait for the engine to load. */
import { describe, errors } from '../base/errors.ts';
import { decodeModel, hasExternalData } from '../graph/onnx/proto.ts';
import { type Contract, contractKey, contractSchema } from './contract.ts';

/** The contract in a detector's bytes. Throws DETECTOR_INVALID. */
export function readContract(path: string, bytes: Uint8Array): Contract {
  let json: unknown;
  try {
    const model = decodeModel(bytes);
    // A hash, a pin, a bundle speak of one file: it must be all that is run, and it may not name paths to read.
    if (hasExternalData(model)) throw new Error('its weights lie in other files');
    const entry = model.metadataProps?.find(({ key }) => key === contractKey);
    if (entry?.value === undefined) throw new Error(`its metadata has no ${contractKey}`);
    json = JSON.parse(entry.value);
  } catch (cause) {
    throw errors.DETECTOR_INVALID(path, describe(cause));
  }
  const parsed = contractSchema.safeParse(json);
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0];
    throw errors.DETECTOR_INVALID(path, `its contract is wrong at ${at.join('.') || 'the top'}: ${message}`);
  }
  return parsed.data;
}
