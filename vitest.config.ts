import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'web/**/*.test.ts', 'test/**/*.test.ts'],
    // ONNX Runtime and FFmpeg keep native state: a process a file, and no more of them than cores.
    pool: 'forks',
    maxWorkers: 2,
    // The heaviest networks take a minute a step where other work shares the cores.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
