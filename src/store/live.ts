import { liveQuery } from 'dexie';
import type { Live } from './types.ts';

/**
 * A query as a live value: runs again whenever what it read has changed, in this window or in
 * another. A query that fails (the database was closed) ends silently: its window is going away.
 */
export function fromQuery<T>(query: () => Promise<T>): Live<T> {
  return {
    subscribe(next) {
      const subscription = liveQuery(query).subscribe({ next, error: () => undefined });
      return () => subscription.unsubscribe();
    },
  };
}
