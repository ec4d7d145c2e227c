import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { entityKey } from '../../../src/domain/identity.ts';
import type { OpenedStore } from '../../../src/store/open-store.ts';
import type { Attempt, Conflict, EntityState } from '../../../src/sync/ports.ts';
import { box, changeCommand, makeWorld, media, now, refOf, rowOf, serve } from './support.ts';

const rows = Array.from({ length: 120 }, (_, i) => rowOf(refOf(`element ${i}`), { rowId: i + 1 }));
const places = rows.map(({ ref }) => ({ ref, media }));
const touched = 70;
const { ref } = places[touched]!;
const key = entityKey(ref);

/** The states of all rows at once, as a pull reads them. */
async function statesIn({ sync }: OpenedStore): Promise<EntityState[]> {
  let read: EntityState[] = [];
  await sync.revise(places, (states) => {
    read = states;
    return states.map(() => ({}));
  });
  return read;
}

const attempt: Attempt = {
  id: 'attempt',
  key,
  revision: 1,
  intent: 'patch',
  baseMark: 0,
  sent: {},
  state: 'sent',
  at: 1,
};

const conflict: Conflict = {
  id: 'conflict',
  key,
  ref,
  projectId: 1,
  media,
  field: 'frame',
  base: 3,
  mine: 4,
  theirs: 5,
  theirsBy: 2,
  theirsAt: '2026-01-01T00:00:00.000Z',
  theirsMark: 1,
  at: 1,
};

describe('the states of many elements at once', () => {
  it('are empty where nothing is known, and the rows alone where nothing of the user waits', async () => {
    const opened = await makeWorld().open();
    const nothing = { row: null, edit: null, attempt: null, conflicts: [] };
    expect(await statesIn(opened)).toEqual(rows.map(() => nothing));
    await serve(opened, rows);
    expect(await statesIn(opened)).toEqual(rows.map((row) => ({ ...nothing, row })));
  });

  it('have the one edit, the one request or the one conflict that there is on the device', async () => {
    const edited = await makeWorld(1).open();
    await serve(edited, rows);
    await edited.store.apply(changeCommand(ref, { geometry: box(0.5) }));
    const asked = await makeWorld(2).open();
    await serve(asked, rows);
    await asked.sync.revise([{ ref, media }], () => [{ attempt }]);
    const disputed = await makeWorld(3).open();
    await serve(disputed, rows);
    await disputed.sync.revise([{ ref, media }], () => [{ conflicts: [conflict] }]);

    expect((await statesIn(edited))[touched]).toMatchObject({
      row: rows[touched],
      edit: { key, op: 'edit' },
    });
    expect((await statesIn(asked))[touched]).toMatchObject({ row: rows[touched], attempt });
    expect((await statesIn(disputed))[touched]).toMatchObject({ row: rows[touched], conflicts: [conflict] });
    expect((await statesIn(edited)).filter(({ edit }) => edit !== null)).toHaveLength(1);
  });
});

describe('a first pull', () => {
  it('keeps every row of medias that come mixed and are larger than a page', async () => {
    const opened = await makeWorld().open();
    const mixed = Array.from({ length: 5000 }, (_, i) =>
      rowOf(refOf(`element ${i}`, Math.floor(i / 2) % 5 === 0 ? 2 : 1), {
        rowId: i + 1,
        media: `media ${i % 2}`,
      }),
    );
    await serve(opened, mixed);
    for (const home of ['media 0', 'media 1']) {
      const bases = (await now(opened.store.annotations(home, []))).map(({ base }) => base?.rowId ?? 0);
      const own = mixed.filter((row) => row.media === home).map(({ rowId }) => rowId);
      expect(bases.toSorted((a, b) => a - b)).toEqual(own);
    }
  });

  it('makes nothing of an element that is gone and was never known', async () => {
    const opened = await makeWorld().open();
    await opened.sync.revise(places.slice(0, 2), () => [{ row: null }, { row: rows[1]! }]);
    expect(await opened.sync.marksOf(media, 'localization')).toHaveLength(1);
    await opened.sync.revise([{ ref, media: 'another' }], () => [{ row: null }]);
    expect(await opened.sync.isKnown('another', 'localization', [])).toBe(true);
  });
});

describe('more medias than are kept parsed in memory', () => {
  it.each([1, 2, 3])('have all their rows, whichever are asked for together (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const opened = await makeWorld(seed).open();
    const all = Array.from({ length: 300 }, (_, i) =>
      rowOf(refOf(`element ${i}`), { rowId: i + 1, media: `media ${i % 150}` }),
    );
    await serve(opened, all);
    for (let turn = 0; turn < 30; turn += 1) {
      // The rows of some medias, in any order; of a few of them the server has a new mark.
      const some = all
        .filter(({ media: home }) => Number(home.slice('media '.length)) % 13 < 13 * random())
        .toSorted(() => random() - 0.5);
      const asked = some.map(({ ref: of, media: home }) => ({ ref: of, media: home }));
      await opened.sync.revise(asked, (states) => {
        expect(states.map(({ row }) => row)).toEqual(some);
        return some.map((row, i) => {
          if (i > 3) return {};
          const next = { ...row, mark: row.mark + 1 };
          all[all.indexOf(row)] = next;
          return { row: next };
        });
      });
    }
    for (let n = 0; n < 150; n += 1) {
      const shown = (await now(opened.store.annotations(`media ${n}`, []))).map(({ base }) => base);
      expect(shown).toEqual([all[n], all[n + 150]]);
    }
  });
});
