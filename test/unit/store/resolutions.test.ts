import { describe, expect, it } from 'vitest';
import { entityKey, type EntityRef } from '../../../src/domain/identity.ts';
import type { Conflict, Edit, ServerRow } from '../../../src/sync/ports.ts';
import { createCommand, makeWorld, now, refOf } from './support.ts';

const refs = ['a', 'b', 'c'].map((letter) =>
  refOf(`${letter.repeat(8)}-aaaa-4aaa-8aaa-${letter.repeat(12)}`),
);
const { projectId, media } = createCommand(refs[0]!);

function rowOf(ref: EntityRef): ServerRow {
  const who = { createdBy: 1, modifiedBy: 2, modifiedAt: '2026-01-01T00:00:00.000Z' };
  return { ref, rowId: 1, mark: 1, type: 7, media, deleted: false, fields: { frame: 30 }, ...who };
}

/** Boxes of which I have set frame 9, and somebody else frame 30. */
async function inConflict() {
  const { store, sync } = await makeWorld().open();
  const row = (ref: EntityRef): ServerRow => rowOf(ref);
  const edits = refs.map((ref): Edit => ({
    ...{
      key: entityKey(ref),
      ref,
      projectId,
      type: 7,
      media,
      op: 'edit',
      base: row(ref),
      changes: { frame: 9 },
    },
    ...{ revision: 1, maybeSent: false, status: { kind: 'pending' }, createdAt: 0, updatedAt: 0 },
  }));
  const conflicts = refs.map((ref): Conflict => ({
    ...{ id: ref.elementalId, key: entityKey(ref), ref, projectId, media, field: 'frame', base: 1, mine: 9 },
    ...{ theirs: 30, theirsBy: 2, theirsAt: '2026-01-01T00:00:00.000Z', theirsMark: 1, at: 0 },
  }));
  await sync.revise(
    refs.map((ref) => ({ ref, media })),
    () => refs.map((ref, i) => ({ row: row(ref), edit: edits[i]!, conflicts: [conflicts[i]!] })),
  );
  const frames = async (): Promise<unknown[]> =>
    (await now(store.annotations(media, []))).map(({ fields }) => fields.frame);
  return { store, sync, frames, ids: conflicts.map(({ id }) => id) };
}

describe('one answer to several conflicts of a media', () => {
  it('takes theirs in one step, whose undo brings mine and the questions back', async () => {
    const { store, frames, ids } = await inConflict();
    const steps = await store.resolveConflicts(ids, 'theirs');
    expect(steps).toMatchObject([{ media, count: 3 }]);
    expect(await frames()).toEqual([30, 30, 30]);
    expect(await now(store.conflicts())).toEqual([]);
    expect(await store.undoStep(media, steps[0]!.id)).toBe(true);
    expect(await frames()).toEqual([9, 9, 9]);
    expect(await now(store.conflicts())).toHaveLength(3);
  });

  it('keeps mine in one step, whose undo takes theirs', async () => {
    const { store, sync, frames, ids } = await inConflict();
    const [step] = await store.resolveConflicts(ids, 'mine');
    expect(await frames()).toEqual([9, 9, 9]);
    expect(await now(store.history(media))).toMatchObject({ undo: { label: 'history.keepMine' } });
    expect((await sync.outbox(projectId)).map(({ edit }) => edit?.changes)).toEqual(
      refs.map(() => ({ frame: 9 })),
    );
    expect(await store.undoStep(media, step!.id)).toBe(true);
    expect(await frames()).toEqual([30, 30, 30]);
    expect(await now(store.conflicts())).toEqual([]);
    await store.redo(media);
    expect(await frames()).toEqual([9, 9, 9]);
  });

  it('is not taken back where something else was done in the media since', async () => {
    const { store, frames, ids } = await inConflict();
    const [step] = await store.resolveConflicts(ids.slice(0, 2), 'theirs');
    const other = { kind: 'change', ref: refs[2]!, fields: { 'attributes.Note': 'x' } } as const;
    await store.apply({ projectId, media, label: 'history.change', changes: [other] });
    expect(await store.undoStep(media, step!.id)).toBe(false);
    expect(await frames()).toEqual([30, 30, 9]);
  });

  it('passes over those that are settled already', async () => {
    const { store, ids } = await inConflict();
    await store.resolveConflict(ids[0]!, 'mine');
    expect(await store.resolveConflicts(ids, 'mine')).toMatchObject([{ count: 2 }]);
    expect(await store.resolveConflicts(ids, 'mine')).toEqual([]);
  });
});
