/** A worker for tests of the build: each unit takes a moment, so that a kill lands inside one. */
import { setTimeout } from 'node:timers/promises';
import { serveUnits } from '../src/data/build/unit-worker.ts';

serveUnits<{ milliseconds: number; failing?: string }, { name: string; size: number }>(
  async ({ milliseconds, failing }) => ({
    close: async () => {},
    async make({ name, size }) {
      await setTimeout(milliseconds);
      if (name === failing) throw new Error('a bug');
      const samples = Array.from({ length: 3 }, (_, i) => ({
        key: `${name}-${i}`,
        item: { id: `${name}/${i}`, label: (i % 2) as 0 | 1, method: 'm', videoId: name, sourceId: name },
        image: { extension: 'jpg' as const, bytes: new Uint8Array(size).fill(name.charCodeAt(1) + i) },
        mask: i === 1 ? new Uint8Array(10) : undefined,
        more: { frame: i },
      }));
      const failures = name === 'u03' ? [{ id: name, file: `${name}.mp4`, reason: 'broken' }] : [];
      return {
        samples,
        dropped: [{ id: name, frame: 9, reason: 'no face found' }],
        failures,
        counts: { clips: 1 },
      };
    },
  }),
);
