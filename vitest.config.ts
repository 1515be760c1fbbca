import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'web/**/*.test.ts', 'test/**/*.test.ts'],
    // ONNX Runtime and FFmpeg keep native state: a process a file. One more of them than cores: those of the server wait much.
    pool: 'forks',
    maxWorkers: 3,
    // The heaviest networks take a minute a step where other work shares the cores.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
