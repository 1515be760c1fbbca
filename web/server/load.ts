/** What a page asks the server for, as state. */
import { useCallback, useEffect, useState } from 'react';
import { asRequestError, type RequestError } from './request.ts';

export type Loaded<T> =
  | { status: 'loading'; value?: T }
  | { status: 'done'; value: T }
  | { status: 'failed'; error: RequestError; value?: T };

/**
 * Loads anew whenever `key` changes; the old value stays while the new one is on its way, so that the page does not
 * jump. A server that cannot be reached is asked again every three seconds.
 */
export function useLoad<T>(key: string, load: () => Promise<T>): Loaded<T> & { reload: () => void } {
  const [state, setState] = useState<Loaded<T>>({ status: 'loading' });
  const [turn, setTurn] = useState(0);
  // `key` stands for what `load` closes over.
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    setState((old) => ({ status: 'loading', ...(old.value !== undefined ? { value: old.value } : {}) }));
    load().then(
      (value) => {
        if (!gone) setState({ status: 'done', value });
      },
      (thrown) => {
        if (gone) return;
        const error = asRequestError(thrown);
        setState((old) => ({
          status: 'failed',
          error,
          ...(old.value !== undefined ? { value: old.value } : {}),
        }));
        if (error.code === 'OFFLINE') timer = setTimeout(() => setTurn((n) => n + 1), 3000);
      },
    );
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key, turn]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  return { ...state, reload };
}
