/** Tokens and the cookies that stand for them. Neither is ever logged. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const sessionCookie = 'mesoscope_session';
const days = 7;

export class Sessions {
  readonly #token: string | undefined;

  constructor(token: string | undefined) {
    this.#token = token;
  }

  get required(): boolean {
    return this.#token !== undefined;
  }

  /** In a time that does not depend on how much of it is right, or how long it is. */
  isToken(given: string): boolean {
    return this.#token !== undefined && same(given, this.#token);
  }

  /** Of a session that begins now. Keeps working over a restart with the same token. */
  issue(now = Date.now()): { value: string; maxAge: number } {
    const until = Math.floor(now / 1000) + days * 86_400;
    return { value: `${until}.${this.#sign(until)}`, maxAge: days * 86_400 };
  }

  isSession(cookie: string, now = Date.now()): boolean {
    const [, until, signature] = /^(\d{1,12})\.([0-9a-f]{64})$/.exec(cookie) ?? [];
    if (this.#token === undefined || !until) return false;
    return same(signature, this.#sign(Number(until))) && Number(until) * 1000 > now;
  }

  /** The token is the key: another token ends all sessions, and a cookie does not tell the token. */
  #sign(until: number): string {
    return createHmac('sha256', `mesoscope session ${this.#token}`).update(String(until)).digest('hex');
  }
}

function same(a: string, b: string): boolean {
  // Hashes have one length, which timingSafeEqual needs, and hide where two texts differ.
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
