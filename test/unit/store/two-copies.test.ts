import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { entityKey } from '../../../src/domain/identity.ts';
import { parseLine } from '../../../src/store/recorder-lines.ts';
import { makeDatabase } from '../../../src/store/schema.ts';
import {
  changeCommand,
  createCommand,
  deleteCommand,
  makeWorld,
  media,
  MemoryRecorder,
  now,
  refOf,
  rowOf,
  serve,
  startSlowly,
} from './support.ts';

const a = refOf('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa');
const b = refOf('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb');

describe('the two copies of an edit', () => {
  it('is saved only when the flight recorder has it too', async () => {
    const world = makeWorld();
    const { store } = await world.open();
    let open = (): void => undefined;
    world.recorder.gate = new Promise((resolve) => (open = resolve));
    let saved = false;
    const applied = store.apply(createCommand(a)).then(() => (saved = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(saved).toBe(false);
    open();
    await applied;
    expect(world.recorder.entries).toHaveLength(1);
  });

  it('takes the edit back when the recorder fails, and says why', async () => {
    const world = makeWorld();
    const { store } = await world.open();
    await store.apply(createCommand(a));
    world.recorder.failWith = Object.assign(new Error('no space'), { code: 'disk-full' });
    await expect(store.apply(changeCommand(a, { frame: 9 }))).rejects.toMatchObject({ code: 'disk-full' });
    world.recorder.failWith = new Error('pipe closed');
    await expect(store.apply(createCommand(b))).rejects.toMatchObject({ code: 'recorder-failed' });
    expect(await now(store.annotations(media, []))).toMatchObject([{ fields: { frame: 5 } }]);
    expect(await now(store.counts())).toMatchObject({ unsynced: 1 });
    world.recorder.failWith = null;
    await store.undo(media);
    expect(await now(store.annotations(media, []))).toEqual([]);
  });

  it('takes a failed undo back as well', async () => {
    const world = makeWorld();
    const { store } = await world.open();
    await store.apply(createCommand(a));
    world.recorder.failWith = new Error('pipe closed');
    await expect(store.undo(media)).rejects.toMatchObject({ code: 'recorder-failed' });
    expect(await now(store.annotations(media, []))).toHaveLength(1);
    expect(await now(store.history(media))).toEqual({
      undo: { label: 'history.draw', order: 1 },
      redo: null,
    });
  });

  it('stays refused where the recorder had written it down after all and only its answer was lost', async () => {
    const world = makeWorld();
    const { recorder } = world;
    const first = await world.open();
    await first.store.apply(createCommand(a));
    const hear = recorder.loseAnswers();
    await expect(first.store.apply(createCommand(b))).rejects.toMatchObject({ code: 'recorder-failed' });
    hear();
    await first.store.apply(changeCommand(a, { frame: 9 }));
    first.close();
    const again = await world.open();
    expect(await now(again.store.annotations(media, []))).toMatchObject([{ fields: { frame: 9 } }]);
    expect(await now(again.store.recovery())).toBeNull();
    again.close();
    world.indexedDB = new IDBFactory();
    const rebuilt = await world.open();
    expect(await now(rebuilt.store.annotations(media, []))).toMatchObject([{ fields: { frame: 9 } }]);
  });

  it('stays refused where the program ends before the recorder is told so', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.store.apply(createCommand(a));
    const hear = world.recorder.loseAnswers();
    await expect(first.store.undo(media)).rejects.toMatchObject({ code: 'recorder-failed' });
    hear();
    // What was taken back goes on its way meanwhile.
    const sent = { id: 'sent', key: entityKey(a), revision: 1, intent: 'create', baseMark: null } as const;
    await first.sync.revise([{ ref: a, media }], () => [
      { attempt: { ...sent, sent: {}, state: 'sent', at: 0 } },
    ]);
    first.close();
    const again = await world.open();
    expect(await now(again.store.annotations(media, []))).toHaveLength(1);
    expect(await now(again.store.recovery())).toBeNull();
    expect(await now(again.store.history(media))).toMatchObject({
      undo: { label: 'history.draw' },
      redo: null,
    });
    again.close();
    // By then the recorder knows.
    world.indexedDB = new IDBFactory();
    const rebuilt = await world.open();
    expect(await now(rebuilt.store.annotations(media, []))).toHaveLength(1);
  });

  it('keeps what was sent of a command before it was refused', async () => {
    const world = makeWorld();
    const first = await world.open();
    await serve(first, [rowOf(a)]);
    const { sync, store } = first;
    const hear = world.recorder.loseAnswers();
    let lose = (): void => undefined;
    world.recorder.gate = new Promise((resolve) => (lose = resolve));
    const refused = store.apply(changeCommand(a, { frame: 8 })).catch((error: unknown) => error);
    await expect.poll(async () => (await now(store.counts())).unsynced).toBe(1);
    const sent = { id: 'sent', key: entityKey(a), revision: 1, intent: 'patch', baseMark: 0 } as const;
    await sync.revise([{ ref: a, media }], () => [
      { attempt: { ...sent, sent: { frame: 8 }, state: 'sent', at: 0 } },
    ]);
    lose();
    expect(await refused).toMatchObject({ code: 'recorder-failed' });
    hear();
    first.close();
    const second = await world.open();
    expect(await now(second.store.recovery())).toMatchObject({ restored: [], rerecorded: 1 });
    second.close();
    world.indexedDB = new IDBFactory();
    const third = await world.open();
    expect(await now(third.store.outbox())).toMatchObject([{ changes: { frame: 8 } }]);
  });

  it('is refused by a database that is gone, and leaves nothing for the next start to redo', async () => {
    const world = makeWorld();
    const { store } = await world.open();
    store.close();
    await expect(store.apply(createCommand(a))).rejects.toMatchObject({ code: 'storage-failed' });
    const again = await world.open();
    expect(await now(again.store.annotations(media, []))).toEqual([]);
    expect(await now(again.store.recovery())).toBeNull();
  });
});

describe('recovery at start', () => {
  it('rebuilds a lost database from the recorder: edits, history and doubt', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.store.apply(createCommand(a));
    await first.store.apply(changeCommand(a, { 'attributes.Species': 'Hake' }));
    await first.store.apply(createCommand(b));
    await first.store.undo(media);
    first.close();
    world.indexedDB = new IDBFactory();
    const second = await world.open();
    expect(await now(second.store.annotations(media, []))).toMatchObject([
      { sync: 'in-doubt', fields: { 'attributes.Species': 'Hake' } },
    ]);
    expect(await now(second.store.recovery())).toMatchObject({ restored: [{ media }], rerecorded: 0 });
    expect(await now(second.store.outbox())).toMatchObject([{ maybeSent: true }]);
    expect(await now(second.store.history(media))).toEqual({
      undo: { label: 'history.change', order: 2 },
      redo: { label: 'history.draw', order: 3 },
    });
    await second.store.redo(media);
    expect(await now(second.store.annotations(media, []))).toHaveLength(2);
  });

  it('puts nothing back over what the user did since in a window that had recovered first', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.store.apply(createCommand(a));
    first.close();
    world.indexedDB = new IDBFactory();
    const { opened, goOn } = await startSlowly(world);
    const quick = await world.open();
    await quick.store.apply(changeCommand(a, { frame: 9 }));
    goOn();
    const { store } = await opened;
    expect(await now(store.annotations(media, []))).toMatchObject([{ fields: { frame: 9 } }]);
    await store.undo(media);
    expect(await now(store.annotations(media, []))).toMatchObject([{ fields: { frame: 5 } }]);
  });

  it('records nothing over what the user does meanwhile in a window that is open already', async () => {
    // The undo falls between any two steps of the other window's start.
    for (let steps = 0; steps < 60; steps += 1) {
      const world = makeWorld();
      const quick = await world.open();
      await quick.store.apply(createCommand(a));
      const { opened, goOn } = await startSlowly(world);
      await quick.store.apply(changeCommand(a, { frame: 9 }));
      goOn();
      for (let i = 0; i < steps; i += 1) await new Promise((resolve) => setImmediate(resolve));
      await quick.store.undo(media);
      (await opened).close();
      quick.close();
      world.indexedDB = new IDBFactory();
      const rebuilt = await world.open();
      expect(await now(rebuilt.store.annotations(media, [])), `${steps} steps`).toMatchObject([
        { fields: { frame: 5 } },
      ]);
      rebuilt.close();
    }
  });

  it('does not bring back what a server had confirmed', async () => {
    const world = makeWorld();
    const first = await world.open();
    await serve(first, [rowOf(a)]);
    await first.store.apply(changeCommand(a, { frame: 8 }));
    await first.sync.revise([{ ref: a, media }], () => [{ row: rowOf(a, { mark: 1 }), edit: null }]);
    await expect.poll(() => world.recorder.entries.length).toBe(2);
    first.close();
    world.indexedDB = new IDBFactory();
    const second = await world.open();
    expect(await now(second.store.counts())).toMatchObject({ unsynced: 0, inDoubt: 0 });
  });

  it('does not bring back what was deleted before it was sent', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.store.apply(createCommand(a));
    await first.store.apply(deleteCommand(a));
    first.close();
    world.indexedDB = new IDBFactory();
    const second = await world.open();
    expect(await now(second.store.counts())).toMatchObject({ unsynced: 0 });
    await second.store.undo(media);
    expect(await now(second.store.annotations(media, []))).toHaveLength(1);
  });

  it('records again what only the database has', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.store.apply(createCommand(a));
    first.close();
    world.recorder.entries = [];
    const second = await world.open();
    expect(await now(second.store.recovery())).toMatchObject({ restored: [], rerecorded: 1 });
    second.close();
    world.indexedDB = new IDBFactory();
    const third = await world.open();
    expect(await now(third.store.annotations(media, []))).toHaveLength(1);
  });

  it('tells of no restored edit where only the entry of a question’s line is missing', async () => {
    const world = makeWorld();
    const first = await world.open();
    await serve(first, [rowOf(a)]);
    await first.store.apply(changeCommand(a, { frame: 8 }));
    const question = {
      ...{ id: 'question', key: entityKey(a), ref: a, projectId: 1, media, field: 'frame' },
      ...{ base: 3, mine: 8, theirs: 9, theirsBy: 4, theirsAt: '', theirsMark: 1, at: 1 },
    };
    await first.sync.revise([{ ref: a, media }], () => [{ conflicts: [question] }]);
    await expect.poll(() => world.recorder.entries.length).toBe(2);
    const line = parseLine(world.recorder.entries[1]?.body ?? '');
    first.close();
    // The process died between the line and the entry.
    const db = makeDatabase('crew', { indexedDB: world.indexedDB, IDBKeyRange });
    await db.open();
    await db.ops.delete(line?.kind === 'edit' ? line.op : '');
    expect(await db.ops.count()).toBe(1);
    db.close();
    const second = await world.open();
    expect(await now(second.store.recovery())).toBeNull();
    expect(await now(second.store.conflicts())).toMatchObject([{ field: 'frame', mine: 8 }]);
    expect(await now(second.store.counts())).toMatchObject({ unsynced: 1 });
  });

  it('finds nothing to repair after an ordinary end', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.store.apply(createCommand(a));
    first.close();
    const second = await world.open();
    expect(await now(second.store.recovery())).toBeNull();
    expect(await now(second.store.outbox())).toMatchObject([{ maybeSent: false }]);
  });

  it('never takes a line that was aborted, or that nobody can read', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.store.apply(createCommand(a));
    first.close();
    const { op } = JSON.parse(world.recorder.entries[0]!.body) as { op: string };
    await world.recorder.append([JSON.stringify({ v: 1, kind: 'abort', op }), '{"v":1,"kind":', 'null']);
    world.indexedDB = new IDBFactory();
    const second = await world.open();
    expect(await now(second.store.annotations(media, []))).toEqual([]);
  });
});

describe('the release of the recorder', () => {
  it('is of commands that the next start does not miss, also where the log still has their lines', async () => {
    const world = makeWorld();
    let through = 0;
    world.recorder.release = async (seq) => void (through = seq);
    const first = await world.open();
    await first.store.apply(createCommand(a));
    await first.store.undo(media);
    await expect
      .poll(async () => {
        await first.sync.releaseRecorder();
        return through;
      })
      .toBe(2);
    await first.store.redo(media);
    const history = await now(first.store.history(media));
    first.close();
    const second = await world.open();
    expect(await now(second.store.history(media))).toEqual(history);
    expect(await now(second.store.recovery())).toBeNull();
    second.close();
  });

  it('is forgotten together with a log that was lost', async () => {
    const world = makeWorld();
    const first = await world.open();
    for (const ref of [a, b]) await first.store.apply(createCommand(ref));
    for (let step = 0; step < 2; step += 1) await first.store.undo(media);
    await expect
      .poll(async () => {
        await first.sync.releaseRecorder();
        return world.recorder.entries;
      })
      .toEqual([]);
    first.close();
    world.recorder = new MemoryRecorder();
    const second = await world.open();
    await second.store.apply(createCommand(a));
    const [line] = world.recorder.entries;
    second.close();
    // The database has not kept the command.
    const db = makeDatabase('crew', { indexedDB: world.indexedDB, IDBKeyRange });
    await db.open();
    await Promise.all([db.ops.clear(), db.edits.clear(), db.journal.clear()]);
    db.close();
    expect(line?.seq).toBe(1);
    const third = await world.open();
    expect(await now(third.store.annotations(media, []))).toHaveLength(1);
  });

  it('drops what is confirmed and keeps everything from the oldest unconfirmed command on', async () => {
    const world = makeWorld();
    const { store, sync } = await world.open();
    await store.apply(createCommand(a));
    await store.apply(createCommand(b));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await sync.releaseRecorder();
    expect(world.recorder.entries).toHaveLength(2);
    await sync.revise([{ ref: a, media }], () => [{ row: rowOf(a), edit: null }]);
    // Where the recorder has a command is noted a while after it.
    await expect
      .poll(async () => {
        await sync.releaseRecorder();
        return world.recorder.entries[0]?.seq;
      })
      .toBe(2);
  });
});
