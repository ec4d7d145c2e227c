import type { ServerChange, ServerPort, SyncStorage } from '../../src/sync/ports.ts';
import { replacing, type Plant } from './planting.ts';
import type { Planted } from './world.ts';

/*
 * Bugs in following a hub's feed. The audits, which are a net under it, would make most of them good: here they
 * find nothing once the feed is settled, so that it has to bring everything by itself.
 */

const project = 1;
const cursor = `feed/${project}`;

async function isSettled(storage: SyncStorage): Promise<boolean> {
  const value = await storage.cursor(cursor);
  return typeof value === 'object' && value !== null && 'settled' in value && value.settled === true;
}

/** The engine on a feed without a net; with a bug in how it reads it, or in what it writes down of it. */
export function withoutNet({
  reads,
  writes,
}: {
  reads?: (server: ServerPort, storage: SyncStorage) => ServerPort['readChanges'];
  writes?: (storage: SyncStorage) => Partial<SyncStorage>;
} = {}): Planted {
  // Of one process; its storage is made before its server.
  let stored: SyncStorage | null = null;
  return {
    tellsRestores: true,
    wrapStorage: (storage) => {
      stored = storage;
      return replacing(storage, writes?.(storage) ?? {});
    },
    wrapServer: (server) => {
      const storage = stored;
      if (storage === null) throw new Error('a server without a storage');
      return replacing(server, {
        readMarksUnless: async (query, known) =>
          (await isSettled(storage))
            ? { ok: true, value: { digest: known ?? '', rows: null } }
            : server.readMarksUnless(query, known),
        ...(reads === undefined ? {} : { readChanges: reads(server, storage) }),
      });
    },
  };
}

/** The feed with these changes instead of those that it tells. */
function telling(told: (changes: ServerChange[]) => ServerChange[]): Planted {
  return withoutNet({
    reads: (server) => async (id, from) => {
      const answer = await server.readChanges(id, from);
      if (!answer.ok || answer.value === null) return answer;
      return { ok: true, value: { ...answer.value, changes: told(answer.value.changes) } };
    },
  });
}

export const plantsOfFeed: Readonly<Record<string, Plant>> = {
  'a page of the feed is lost': {
    by: 'all converge',
    bug: (() => {
      let pages = 0;
      return telling((changes) => (changes.length > 0 && (pages += 1) % 3 === 0 ? [] : changes));
    })(),
  },
  'the last change of a page of the feed is lost': {
    by: 'all converge',
    bug: telling((changes) => (changes.length > 1 ? changes.slice(0, -1) : changes)),
  },
  'the cursor of the feed is written before the rows': {
    by: 'all converge',
    bug: withoutNet({
      reads: (server, storage) => async (id, from) => {
        const answer = await server.readChanges(id, from);
        if (answer.ok && answer.value?.reset === false && from !== null)
          await storage.setCursor(cursor, {
            at: answer.value.cursor,
            settled: await isSettled(storage),
          });
        return answer;
      },
    }),
  },
  'what the feed tells as gone is not looked for': {
    by: 'all converge',
    bug: telling((changes) => changes.map((change) => ({ ...change, removed: false }))),
  },
  'changes that are too many to be named are passed over': {
    by: 'all converge',
    bug: telling((changes) => changes.filter(({ unnamed }) => !unnamed)),
  },
  'a feed that begins anew is read on as if it were the same': {
    by: 'all converge',
    bug: withoutNet({
      reads: (server) => async (id, from) => {
        const answer = await server.readChanges(id, from);
        if (!answer.ok || answer.value === null) return answer;
        return { ok: true, value: { ...answer.value, reset: false } };
      },
    }),
  },
  'a feed counts as settled before the audits have gone round': {
    by: 'all converge',
    bug: withoutNet({
      writes: (storage) => ({
        revise: (places, decide, cursors = {}) => {
          const { [cursor]: feed, ...others } = cursors;
          const at = typeof feed === 'object' && feed !== null && !Array.isArray(feed) ? feed.at : undefined;
          const settled = at === undefined ? {} : { [cursor]: { at, settled: true } };
          return storage.revise(places, decide, { ...others, ...settled });
        },
      }),
    }),
  },
};
