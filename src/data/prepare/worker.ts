/** A thread of `dataset prepare`. */
import { openFinder } from '../../faces/open-finder.ts';
import { serveUnits } from '../build/unit-worker.ts';
import type { PrepareSettings } from './group.ts';
import { filesIn } from './source-files.ts';
import { type NumberedUnit, prepareUnit } from './unit.ts';

serveUnits<PrepareSettings, NumberedUnit>(async (settings) => {
  // One thread: the workers are as many as the machine has, and sums then always have the same order.
  const finder = await openFinder({ threads: 1 });
  const files = filesIn(settings.folder);
  return {
    close: () => finder.close(),
    make: (unit) => prepareUnit(unit, settings, finder, files),
  };
});
