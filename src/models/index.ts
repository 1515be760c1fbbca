/** All networks. A test asserts that this list equals the folder. */
import { errors } from '../base/errors.ts';
import { bayar } from './bayar.ts';
import { compact } from './compact.ts';
import { densenet121 } from './densenet121.ts';
import { densenet121Gru } from './densenet121-gru.ts';
import { fcn } from './fcn.ts';
import { fn3 } from './fn3.ts';
import { mesoInception4 } from './meso-inception4.ts';
import { meso4 } from './meso4.ts';
import { mobilenet } from './mobilenet.ts';
import type { Network } from './network.ts';
import { rahmouni } from './rahmouni.ts';
import { resnet18 } from './resnet18.ts';
import { resnet18Gru } from './resnet18-gru.ts';
import { unet4x } from './unet4x.ts';
import { unet8x } from './unet8x.ts';
import { vgg3 } from './vgg3.ts';
import { vgg5 } from './vgg5.ts';
import { vgg8 } from './vgg8.ts';
import { xception } from './xception.ts';

export const networks = [
  meso4,
  mesoInception4,
  compact,
  mobilenet,
  resnet18,
  xception,
  unet8x,
  unet4x,
  vgg8,
  vgg5,
  vgg3,
  fn3,
  fcn,
  densenet121,
  resnet18Gru,
  densenet121Gru,
  bayar,
  rahmouni,
] as readonly Network[];

/** @throws NETWORK_UNKNOWN with the names that exist. */
export function networkNamed(name: string): Network {
  const found = networks.find((network) => network.name === name);
  if (!found) throw errors.NETWORK_UNKNOWN(name, networks.map((network) => network.name).join(', '));
  return found;
}
