import { describe, expect, it } from 'vitest';
import type { ServerPort, SyncStorage } from '../../src/sync/ports.ts';
import { firstFailure, runScript, shrinkFailure } from './run.ts';
import { scriptOf } from './script.ts';
import { asTestCase } from './shrink.ts';
import type { Planted } from './world.ts';

const schedules = 2000;

/** A port whose listed methods differ; the rest stays as it is. */
function replacing<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(name in methods ? methods : object, name);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

describe('any schedule of edits, kills, lost answers and lost databases', () => {
  it(`keeps every invariant in ${schedules} schedules`, { timeout: 300_000 }, async () => {
    let crashes = 0;
    for (let seed = 1; seed <= schedules; seed += 1) {
      const script = scriptOf(seed);
      const outcome = await runScript(script);
      crashes += outcome.crashes;
      const [violation] = outcome.violations;
      if (violation === undefined) continue;
      const smallest = await shrinkFailure(script, violation);
      expect.fail(`seed ${seed}: ${violation}\n${asTestCase(smallest, violation)}`);
    }
    expect(crashes).toBeGreaterThan(schedules * 3);
  });

  it('keeps them where whatever is stored is frozen', { timeout: 60_000 }, async () => {
    expect(await firstFailure({ from: 1, count: 100 }, { frozen: true })).toBeNull();
  });

  it('is the same each time the same seed runs', async () => {
    for (let seed = 1; seed <= 20; seed += 1)
      expect(await runScript(scriptOf(seed))).toEqual(await runScript(scriptOf(seed)));
  });

  it.each([
    [4, 'a new element that others delete in place while its create is in doubt'],
    [405, 'the clock of a device is set back by an hour'],
    [1810, 'an element deleted in place, whose later edit came from the recorder'],
    [2307, 'a media that is there already, renamed after the database was lost'],
    [2578, 'an edit whose number had been given before to another, confirmed one'],
  ])('keeps them in schedule %i: %s', async (seed) => {
    expect((await runScript(scriptOf(seed))).violations).toEqual([]);
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
    const caught = await firstFailure({ from: 1, count: 300 }, { planted: plants[name]! });
    expect(caught?.violations).toBeDefined();
  });
});
