import { describe, expect, it } from 'vitest';
import type { ServerPort, SyncStorage } from '../../src/sync/ports.ts';
import { violations } from './invariants.ts';
import { World, type Planted } from './world.ts';

const schedules = 2000;
const steps = 40;

async function run(seed: number, planted: Planted = {}): Promise<World> {
  const world = new World(seed, planted);
  await world.run(steps);
  return world;
}

/** A port whose listed methods differ; the rest stays as it is. */
function replacing<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(name in methods ? methods : object, name);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

async function isCaught(planted: Planted): Promise<boolean> {
  for (let seed = 1; seed <= 300; seed += 1) {
    if (violations(await run(seed, planted)).length > 0) return true;
  }
  return false;
}

describe('any schedule of edits, kills, lost answers and lost databases', () => {
  it(`keeps every invariant in ${schedules} schedules`, { timeout: 300_000 }, async () => {
    let crashes = 0;
    for (let seed = 1; seed <= schedules; seed += 1) {
      const world = await run(seed);
      crashes += world.crashes;
      expect({ seed, violations: violations(world) }).toEqual({ seed, violations: [] });
    }
    expect(crashes).toBeGreaterThan(schedules * 3);
  });

  it('is the same each time the same seed runs', async () => {
    const [once, again] = [await run(7), await run(7)];
    expect(again.tator.rows).toEqual(once.tator.rows);
  });

  it.each([
    [149, 'a create of which only an earlier revision had been sent when the database was lost'],
    [1782, 'a repair of a hidden mark by an edit that came from the recorder'],
  ])('keeps them in schedule %i: %s', async (seed) => {
    expect(violations(await run(seed))).toEqual([]);
  });
});

describe('the checkers catch a planted bug:', () => {
  const plants: Record<string, Planted> = {
    'an answer that was lost is taken as a refusal before the request': {
      wrapStorage: (storage: SyncStorage) =>
        replacing(storage, {
          revise: (places, decide, cursors) =>
            storage.revise(
              places,
              (states) =>
                decide(states).map((revision) =>
                  revision.attempt?.state === 'in-doubt' ? { ...revision, attempt: null } : revision,
                ),
              cursors,
            ),
          doubtSentAttempts: async () => undefined,
        }),
    },
    'looked-up histories come back empty': {
      wrapServer: (server: ServerPort) =>
        replacing(server, {
          readMarks: async (query) => (query.allMarks ? { ok: true, value: [] } : server.readMarks(query)),
        }),
    },
    'conflicts are not listed': {
      wrapStorage: (storage: SyncStorage) =>
        replacing(storage, {
          revise: (places, decide, cursors) =>
            storage.revise(
              places,
              (states) => decide(states).map((revision) => ({ ...revision, conflicts: [] })),
              cursors,
            ),
        }),
    },
    'edits are dropped instead of parked': {
      wrapStorage: (storage: SyncStorage) =>
        replacing(storage, {
          revise: (places, decide, cursors) =>
            storage.revise(
              places,
              (states) =>
                decide(states).map((revision) =>
                  revision.edit?.status.kind === 'parked' ? { ...revision, edit: null } : revision,
                ),
              cursors,
            ),
        }),
    },
    'the mark of a patch is not checked': {
      wrapServer: (server: ServerPort) =>
        replacing(server, {
          patchAnnotation: async (ref, _mark, changes) => {
            const { version, elementalId } = ref;
            const query = {
              projectId: 1,
              kind: 'localization' as const,
              version,
              elementalIds: [elementalId],
              limit: 9,
            };
            const now = await server.readMarks({ ...query, allMarks: false });
            const mark = now.ok ? now.value[0]?.mark : undefined;
            const answer = await server.patchAnnotation(ref, mark ?? _mark, changes);
            return answer.ok ? { ok: true, value: { ...answer.value, mark: _mark + 1 } } : answer;
          },
        }),
    },
  };

  it.each(Object.keys(plants))('%s', { timeout: 60_000 }, async (name) => {
    expect(await isCaught(plants[name]!)).toBe(true);
  });
});
