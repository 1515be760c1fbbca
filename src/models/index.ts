/** All networks. A test asserts that this list equals the folder. */
import { errors } from '../base/errors.ts';
import { mesoInception4 } from './meso-inception4.ts';
import { meso4 } from './meso4.ts';
import type { Network } from './network.ts';

export const networks = [meso4, mesoInception4] as readonly Network[];

/** @throws NETWORK_UNKNOWN with the names that exist. */
export function networkNamed(name: string): Network {
  const found = networks.find((network) => network.name === name);
  if (!found) throw errors.NETWORK_UNKNOWN(name, networks.map((network) => network.name).join(', '));
  return found;
}
