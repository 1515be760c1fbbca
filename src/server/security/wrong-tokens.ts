/** Slows down whoever guesses tokens. */
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { errors } from '../../base/errors.ts';

export class WrongTokens {
  readonly #limiter: RateLimiterMemory;
  readonly #most: number;

  /** @param most wrong ones from an address in a minute */
  constructor(most: number) {
    this.#most = most;
    this.#limiter = new RateLimiterMemory({ points: most, duration: 60 });
  }

  /** Before a token is looked at: after too many wrong ones even the right one waits. @throws RATE_LIMITED */
  async check(address: string): Promise<void> {
    const tries = await this.#limiter.get(address);
    if (tries && tries.consumedPoints >= this.#most) throw errors.RATE_LIMITED(secondsOf(tries));
  }

  async count(address: string): Promise<void> {
    await this.#limiter.consume(address).catch(() => undefined);
  }
}

export function secondsOf({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1000));
}
