/** Work that is done again and again while a page is shown. */
import { useEffect } from 'react';

/** @param milliseconds null: not now */
export function useEvery(milliseconds: number | null, work: () => void): void {
  useEffect(() => {
    if (milliseconds === null) return;
    const timer = setInterval(work, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, work]);
}
