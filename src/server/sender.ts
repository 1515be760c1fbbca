/** Who sent a clip, as far as taking turns goes. No account, no proof: it orders a queue. */
import { createHmac, randomBytes } from 'node:crypto';
import { errors } from '../base/errors.ts';
import { senderHeader, senderSchema } from './api.ts';
import type { AppContext } from './route.ts';

/** Addresses are told apart and not kept: without this, which ends with the process, nobody gets them back. */
const salt = randomBytes(32);

/** The name that the request gives, or something that stands for its address. @throws REQUEST_INVALID */
export function senderOf(c: AppContext): string {
  const given = c.req.header(senderHeader);
  if (given === undefined) {
    return `address:${createHmac('sha256', salt).update(c.get('address')).digest('hex').slice(0, 16)}`;
  }
  const parsed = senderSchema.safeParse(given);
  if (!parsed.success) {
    throw errors.REQUEST_INVALID(`${senderHeader} must be ${senderSchema.description ?? 'a name'}`);
  }
  return parsed.data;
}
