import { Dexie, liveQuery } from 'dexie';
import type { Live } from './types.ts';

/**
 * A query as a live value: runs again whenever what it read has changed, in this window or in
 * another. A query that fails (the database was closed) ends silently: its window is going away.
 *
 * A change is told while its transaction completes, before those who wait for that go on. So the
 * queries that follow a change let them go on first: an edit is "saved" before its views read again.
 */
export function fromQuery<T>(query: () => Promise<T>): Live<T> {
  return {
    subscribe(next) {
      let isFirst = true;
      const subscription = liveQuery(() => {
        if (!isFirst) return afterThisTask().then(query);
        isFirst = false;
        return query();
      }).subscribe({ next, error: () => undefined });
      return () => subscription.unsubscribe();
    },
  };
}

/** A promise of Dexie's: what follows it is still seen as part of the live query. */
function afterThisTask(): Dexie.Promise<void> {
  return new Dexie.Promise((resolve) => setTimeout(resolve));
}
