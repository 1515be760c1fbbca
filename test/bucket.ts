/** A bucket for the tests of one file, and the variables by which it is found. */
import { afterAll, beforeAll } from 'vitest';
import { startBucket, type TestBucket } from './s3.ts';

export function withBucket(): () => TestBucket {
  let bucket: TestBucket | undefined;
  const before = new Map<string, string | undefined>();
  beforeAll(async () => {
    bucket = await startBucket();
    for (const [name, value] of Object.entries(bucket.environment)) {
      before.set(name, process.env[name]);
      process.env[name] = value;
    }
  });
  afterAll(async () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await bucket?.close();
  });
  return () => bucket as TestBucket;
}
