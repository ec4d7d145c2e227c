import { describe, expect, it } from 'vitest';
import { media, now, box, changeCommand, makeWorld, refOf, rowOf, serve } from './support.ts';

const [a, b] = [refOf('a'), refOf('b')];
const rows = [rowOf(a, { rowId: 1 }), rowOf(b, { rowId: 2 })];

describe('asking whether rows are known', () => {
  it('says yes to exactly the rows that are there, in any order', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    expect(await opened.sync.isKnown(media, 'localization', rows)).toBe(true);
    expect(await opened.sync.isKnown(media, 'localization', rows.toReversed())).toBe(true);
    expect(await opened.sync.isKnown(media, 'state', [])).toBe(true);
  });

  it('says no where a row is missing, new, told twice or another one', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const others = [
      [rows[0]!],
      [...rows, rowOf(refOf('c'), { rowId: 3 })],
      [rows[0]!, rows[0]!],
      [rows[0]!, { ...rows[1]!, mark: 1 }],
      [rows[0]!, rowOf(refOf('b', 2), { rowId: 2 })],
    ];
    for (const told of others) expect(await opened.sync.isKnown(media, 'localization', told)).toBe(false);
    expect(await opened.sync.isKnown('another media', 'localization', rows)).toBe(false);
  });

  it('says no while work of the user lies over the media', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    await opened.store.apply(changeCommand(a, { geometry: box(0.5) }));
    expect(await opened.sync.isKnown(media, 'localization', rows)).toBe(false);
  });

  it('knows the rows of several pages and versions, also after some were rewritten', async () => {
    const opened = await makeWorld().open();
    const many = Array.from({ length: 2500 }, (_, i) =>
      rowOf(refOf(`element ${i}`, 1 + (i % 2)), { rowId: i + 1 }),
    );
    await serve(opened, many);
    const rewritten = { ...many[7]!, mark: 1, rowId: 9000 };
    await serve(opened, [rewritten]);
    const told = [...many.filter((_, i) => i !== 7), rewritten];
    expect(await opened.sync.isKnown(media, 'localization', told)).toBe(true);
    expect(await opened.sync.isKnown(media, 'localization', many)).toBe(false);
  });
});

describe('pages in two windows', () => {
  it('show in one what the other has written over rows that both had read', async () => {
    const world = makeWorld();
    const [one, other] = [await world.open(), await world.open()];
    await serve(one, rows);
    expect(await now(other.store.annotations(media, []))).toHaveLength(2);
    await serve(one, [{ ...rows[0]!, mark: 1, fields: { frame: 44 } }]);
    expect(await now(other.store.annotations(media, []))).toMatchObject([{ fields: { frame: 44 } }, {}]);
    await serve(one, [rows[0]!]);
    expect(await now(other.store.annotations(media, []))).toMatchObject([{ fields: rows[0]!.fields }, {}]);
  });
});
