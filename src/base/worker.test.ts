import { describe, expect, it } from 'vitest';
import { errors, UserError } from './errors.ts';
import { packError, startWorker, unpackError } from './worker.ts';

describe('errors between threads', () => {
  it("keep a user's code and words through a clone", () => {
    const sent = errors.IMAGE_UNREADABLE('/a.jpg', 'cut off');
    const got = unpackError(structuredClone(packError(sent)));
    expect(got).toBeInstanceOf(UserError);
    expect(got).toMatchObject({ code: 'IMAGE_UNREADABLE', message: sent.message, next: sent.next });
  });
  it('keep the message and stack of a bug, and of what is no error', () => {
    const bug = new TypeError('x is not y');
    const got = unpackError(structuredClone(packError(bug)));
    expect([got.message, got.stack, got instanceof UserError]).toEqual([bug.message, bug.stack, false]);
    expect(unpackError(packError('thrown text')).message).toBe('thrown text');
  });
});

it('a thread whose networks are the first of the process finds an engine that reports to nobody', async () => {
  const before = process.env.ORT_DISABLE_TELEMETRY;
  delete process.env.ORT_DISABLE_TELEMETRY;
  const worker = startWorker(new URL('data:text/javascript,'));
  // The process's own, which the engine reads: not the copy that a thread has.
  expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
  await worker.terminate();
  if (before !== undefined) process.env.ORT_DISABLE_TELEMETRY = before;
});
