import { describe, expect, it } from 'vitest';
import {
  box,
  changeCommand,
  createCommand,
  deleteCommand,
  entityKey,
  makeWorld,
  media,
  now,
  refOf,
  rowOf,
  serve,
} from './support.ts';

const a = refOf('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa');
const b = refOf('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb');

describe('applying edits', () => {
  it('shows a new annotation at once and counts it as unsynced', async () => {
    const { store } = await makeWorld().open();
    await store.apply(createCommand(a));
    const shown = await now(store.annotations(media, []));
    expect(shown).toMatchObject([{ key: entityKey(a), sync: 'unsynced', base: null, fields: { frame: 5 } }]);
    expect(await now(store.counts())).toEqual({ unsynced: 1, inDoubt: 0, parked: 0, conflicts: 0 });
  });

  it('lays a change over server truth and leaves the other fields to it', async () => {
    const opened = await makeWorld().open();
    await serve(opened, [rowOf(a)]);
    await opened.store.apply(changeCommand(a, { 'attributes.Species': 'Hake' }));
    expect(await now(opened.store.annotations(media, [1]))).toMatchObject([
      { sync: 'unsynced', fields: { 'attributes.Species': 'Hake', frame: 3 } },
    ]);
    expect(await now(opened.store.outbox())).toMatchObject([
      { op: 'edit', changes: { 'attributes.Species': 'Hake' } },
    ]);
  });

  it('has nothing left to sync when a value is set back to what the server has', async () => {
    const opened = await makeWorld().open();
    await serve(opened, [rowOf(a)]);
    await opened.store.apply(changeCommand(a, { geometry: box(0.5) }));
    await opened.store.apply(changeCommand(a, { geometry: box(0.1) }));
    expect(await now(opened.store.counts())).toMatchObject({ unsynced: 0 });
  });

  it('forgets an annotation that is deleted before any server heard of it', async () => {
    const { store } = await makeWorld().open();
    await store.apply(createCommand(a));
    await store.apply(deleteCommand(a));
    expect(await now(store.annotations(media, []))).toEqual([]);
    expect(await now(store.counts())).toMatchObject({ unsynced: 0 });
  });

  it('shows only the versions that were asked for', async () => {
    const opened = await makeWorld().open();
    await serve(opened, [rowOf(a), rowOf(refOf(b.elementalId, 2))]);
    expect((await now(opened.store.annotations(media, [2]))).map(({ ref }) => ref.version)).toEqual([2]);
    expect(await now(opened.store.annotations(media, []))).toHaveLength(2);
  });

  it('refuses to change what is not there', async () => {
    const { store } = await makeWorld().open();
    await expect(store.apply(changeCommand(a, { frame: 1 }))).rejects.toMatchObject({
      code: 'no-such-entity',
    });
    expect(await now(store.history(media))).toEqual({ undo: null, redo: null });
  });

  it('keeps more rows than fit in one page, each in its place', async () => {
    const opened = await makeWorld().open();
    const rows = Array.from({ length: 2300 }, (_, i) =>
      rowOf(refOf(`00000000-0000-4000-8000-${String(i).padStart(12, '0')}`), { rowId: i + 1 }),
    );
    await serve(opened, rows.slice(0, 1500));
    await serve(opened, rows.slice(1400));
    await serve(opened, [rowOf(rows[10]!.ref, { rowId: 9999, mark: 1 })]);
    const shown = await now(opened.store.annotations(media, []));
    expect(shown).toHaveLength(2300);
    expect(shown.find(({ key }) => key === entityKey(rows[10]!.ref))?.base?.mark).toBe(1);
  });

  it('tells a subscriber of each edit', async () => {
    const { store } = await makeWorld().open();
    const sizes: number[] = [];
    const stop = store.annotations(media, []).subscribe((list) => sizes.push(list.length));
    await store.apply(createCommand(a));
    await store.apply(createCommand(b));
    await expect.poll(() => sizes.at(-1)).toBe(2);
    stop();
  });
});

describe('undo', () => {
  it('takes back a move and does it again', async () => {
    const opened = await makeWorld().open();
    const { store } = opened;
    await serve(opened, [rowOf(a)]);
    await store.apply(changeCommand(a, { geometry: box(0.7) }));
    await store.undo(media);
    expect((await now(store.annotations(media, [])))[0]?.fields.geometry).toEqual(box(0.1));
    await store.redo(media);
    expect((await now(store.annotations(media, [])))[0]?.fields.geometry).toEqual(box(0.7));
  });

  it('walks through create, change and delete in order, and back', async () => {
    const { store } = await makeWorld().open();
    await store.apply(createCommand(a));
    await store.apply(changeCommand(a, { 'attributes.Species': 'Hake' }));
    await store.apply(deleteCommand(a));
    await store.undo(media);
    expect((await now(store.annotations(media, [])))[0]?.fields['attributes.Species']).toBe('Hake');
    await store.undo(media);
    expect((await now(store.annotations(media, [])))[0]?.fields['attributes.Species'] ?? null).toBeNull();
    await store.undo(media);
    expect(await now(store.annotations(media, []))).toEqual([]);
    expect(await now(store.history(media))).toEqual({
      undo: null,
      redo: { label: 'history.draw', order: 1 },
    });
    await store.redo(media);
    await store.redo(media);
    expect((await now(store.annotations(media, [])))[0]?.fields['attributes.Species']).toBe('Hake');
  });

  it('ends the possibility of redo with a new edit', async () => {
    const { store } = await makeWorld().open();
    await store.apply(createCommand(a));
    await store.undo(media);
    await store.apply(createCommand(b));
    expect(await now(store.history(media))).toEqual({
      undo: { label: 'history.draw', order: 3 },
      redo: null,
    });
  });

  it('leaves alone what others changed since', async () => {
    const opened = await makeWorld().open();
    const { store } = opened;
    await serve(opened, [rowOf(a)]);
    await store.apply(changeCommand(a, { geometry: box(0.7) }));
    const theirs = rowOf(a, {
      mark: 2,
      fields: { frame: 3, geometry: box(0.7), 'attributes.Species': 'Ling' },
    });
    await opened.sync.revise([{ ref: a, media }], () => [{ row: theirs, edit: null }]);
    await store.undo(media);
    expect((await now(store.annotations(media, [])))[0]?.fields).toEqual({
      frame: 3,
      geometry: box(0.1),
      'attributes.Species': 'Ling',
    });
    expect(await now(store.outbox())).toMatchObject([
      { op: 'edit', base: { mark: 2 }, changes: { geometry: box(0.1) } },
    ]);
  });

  it('makes a synced annotation again under the same elemental id after its delete was synced', async () => {
    const opened = await makeWorld().open();
    const { store } = opened;
    await serve(opened, [rowOf(a)]);
    await store.apply(deleteCommand(a));
    await opened.sync.revise([{ ref: a, media }], () => [
      { row: rowOf(a, { mark: 1, deleted: true }), edit: null },
    ]);
    await store.undo(media);
    expect(await now(store.outbox())).toMatchObject([
      {
        key: entityKey(a),
        op: 'create',
        base: { mark: 1, deleted: true },
        changes: { 'attributes.Species': 'Cod' },
      },
    ]);
  });

  it('does not replace unseen what others made of an element that was deleted while its create was in doubt', async () => {
    const opened = await makeWorld().open();
    const { store, sync } = opened;
    await store.apply(createCommand(a));
    const create = { id: 't', key: entityKey(a), revision: 1, intent: 'create', baseMark: null } as const;
    await sync.revise([{ ref: a, media }], () => [
      { attempt: { ...create, sent: {}, state: 'in-doubt', at: 0 } },
    ]);
    await store.apply(deleteCommand(a));
    await serve(opened, [rowOf(a, { mark: 1, modifiedBy: 3 })]);
    await store.undo(media);
    expect(await now(store.outbox())).toMatchObject([{ op: 'create', base: null, changes: { frame: 5 } }]);
  });

  it('survives a restart', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.store.apply(createCommand(a));
    first.close();
    const second = await world.open();
    await second.store.undo(media);
    expect(await now(second.store.annotations(media, []))).toEqual([]);
  });

  it('does nothing where there is nothing to take back', async () => {
    const { store } = await makeWorld().open();
    await store.undo(media);
    await store.redo(media);
    expect(await now(store.counts())).toMatchObject({ unsynced: 0 });
  });
});
