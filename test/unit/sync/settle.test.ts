import { describe, expect, it } from 'vitest';
import { visibleFields } from '../../../src/store/overlay.ts';
import { planDiscard } from '../../../src/store/parked.ts';
import { planResolution } from '../../../src/store/resolution.ts';
import { fold, list, sendable } from '../../../src/sync/merge.ts';
import { park, settle, settleEcho } from '../../../src/sync/settle.ts';
import { attemptOf, editOf, rowOf, stateOf, testContext } from './support.ts';

const base = rowOf({ fields: { frame: 1, 'attributes.A': 'x' } });

describe('settling a create in doubt', () => {
  const edit = editOf({ op: 'create', changes: { frame: 4 } });
  const attempt = attemptOf({ intent: 'create', baseMark: null, sent: { frame: 4 } });

  it('is sent again only when the server has no row at all', () => {
    const outcome = settle(stateOf({ edit, attempt }), [], testContext());
    expect(outcome).toMatchObject({ attempt: null, edit: { op: 'create', maybeSent: false } });
  });

  it('is done when its row is there', () => {
    const outcome = settle(stateOf({ edit, attempt }), [rowOf({ fields: { frame: 4 } })], testContext());
    expect(outcome).toMatchObject({ attempt: null, edit: null, row: { mark: 0 } });
  });

  it('keeps what the user changed while it was on its way, as a change of the new row', () => {
    const moved = { ...edit, revision: 2, changes: { frame: 8 } };
    const outcome = settle(
      stateOf({ edit: moved, attempt }),
      [rowOf({ fields: { frame: 4 } })],
      testContext(),
    );
    expect(outcome.edit).toMatchObject({ op: 'edit', base: { mark: 0 }, changes: { frame: 8 } });
  });

  it('deletes on the server what the user deleted while it was on its way', () => {
    const gone = { ...edit, op: 'delete' as const, revision: 2, changes: {} };
    const outcome = settle(
      stateOf({ edit: gone, attempt }),
      [rowOf({ fields: { frame: 4 } })],
      testContext(),
    );
    expect(outcome.edit).toMatchObject({ op: 'delete', base: { mark: 0 } });
    expect(settle(stateOf({ edit: gone, attempt }), [], testContext()).edit).toBeNull();
  });

  it('parks a value that the server dropped without a word', () => {
    const unknown = editOf({ op: 'create', changes: { frame: 4, 'attributes.Nope': 'v' } });
    const sent = attemptOf({ intent: 'create', baseMark: null, sent: unknown.changes });
    const outcome = settle(
      stateOf({ edit: unknown, attempt: sent }),
      [rowOf({ fields: { frame: 4 } })],
      testContext(),
    );
    expect(outcome.edit).toMatchObject({
      changes: { 'attributes.Nope': 'v' },
      status: { kind: 'parked', reason: expect.stringMatching(/Nope/) },
    });
  });
});

describe('settling a create whose row others deleted before its user heard of it', () => {
  const edit = editOf({ op: 'create', changes: { frame: 4, 'attributes.A': 'v' } });
  const attempt = attemptOf({ intent: 'create', baseMark: null, sent: edit.changes });

  it('is done where all of it had been stored', () => {
    const row = rowOf({ deleted: true, fields: edit.changes });
    expect(settle(stateOf({ edit, attempt }), [row], testContext())).toMatchObject({
      edit: null,
      conflicts: [],
    });
  });

  it('asks where the server had left an attribute out', () => {
    const row = rowOf({ deleted: true, fields: { frame: 4 } });
    const outcome = settle(stateOf({ edit, attempt }), [row], testContext());
    expect(outcome.conflicts).toMatchObject([{ field: '$deleted', mine: false, theirs: true }]);
    expect(outcome.edit).toMatchObject({ changes: { 'attributes.A': 'v' } });
  });

  it('asks where the row has something else than was sent, which its user has never seen', () => {
    const row = rowOf({ deleted: true, fields: { frame: 4, 'attributes.A': 'default' } });
    const outcome = settle(stateOf({ edit, attempt }), [row], testContext());
    expect(outcome.conflicts).toMatchObject([{ field: '$deleted', mine: false, theirs: true }]);
    expect(outcome.edit).toMatchObject({ changes: { 'attributes.A': 'v' } });
  });
});

describe('settling a patch in doubt', () => {
  const edit = editOf({ base, changes: { frame: 4 } });
  const attempt = attemptOf({ sent: { frame: 4 } });
  const mine = rowOf({ mark: 1, fields: { frame: 4, 'attributes.A': 'x' } });

  it('recognizes its own mark and is not sent again', () => {
    expect(settle(stateOf({ row: base, edit, attempt }), [base, mine], testContext())).toMatchObject({
      attempt: null,
      edit: null,
      row: mine,
    });
  });

  it('takes what somebody changed on top of it', () => {
    const later = rowOf({ mark: 2, fields: { frame: 4, 'attributes.A': 'y' } });
    expect(settle(stateOf({ row: base, edit, attempt }), [base, mine, later], testContext())).toMatchObject({
      edit: null,
      row: later,
      conflicts: [],
    });
  });

  it('applies again what its mark has hidden', () => {
    const hidden = rowOf({ mark: 1, fields: { frame: 1, 'attributes.A': 'theirs' } });
    const landed = { ...mine, mark: 2, rowId: 12 };
    const outcome = settle(stateOf({ row: base, edit, attempt }), [base, hidden, landed], testContext());
    expect(outcome.edit).toMatchObject({
      op: 'edit',
      base: { mark: 2 },
      changes: { 'attributes.A': 'theirs' },
    });
  });

  it('sends what it has hidden before a further change of the user, which may be refused', () => {
    const hidden = rowOf({ mark: 1, fields: { frame: 1, 'attributes.A': 'theirs' } });
    const landed = rowOf({ mark: 2, fields: { frame: 4, 'attributes.A': 'x' } });
    const more = { ...edit, revision: 2, changes: { frame: 4, 'attributes.B': 'mine' } };
    const { edit: next } = settle(
      stateOf({ row: base, edit: more, attempt }),
      [base, hidden, landed],
      testContext(),
    );
    expect(next?.changes).toEqual({ 'attributes.A': 'theirs', 'attributes.B': 'mine' });
    expect(sendable(next!, [])).toEqual({ 'attributes.A': 'theirs' });
    // It has arrived: the user's own is left.
    const back = rowOf({ mark: 3, fields: { frame: 4, 'attributes.A': 'theirs' } });
    const sent = attemptOf({ intent: 'patch', revision: 2, baseMark: 2, sent: { 'attributes.A': 'theirs' } });
    const { edit: rest } = settleEcho(
      stateOf({ row: landed, edit: next!, attempt: sent }),
      back,
      testContext(),
    );
    expect(sendable(rest!, [])).toEqual({ 'attributes.B': 'mine' });
    expect(rest).not.toHaveProperty('putBack');
  });

  it('lists the field that its mark has hidden when both changed it', () => {
    const hidden = rowOf({ mark: 1, fields: { frame: 7, 'attributes.A': 'x' } });
    const landed = { ...mine, mark: 2, rowId: 12 };
    const outcome = settle(stateOf({ row: base, edit, attempt }), [base, hidden, landed], testContext());
    expect(outcome.conflicts).toMatchObject([{ field: 'frame', mine: 4, theirs: 7 }]);
  });

  it('merges with what is there when it never arrived', () => {
    const theirs = rowOf({ mark: 1, fields: { frame: 1, 'attributes.A': 'y' } });
    const outcome = settle(stateOf({ row: base, edit, attempt }), [base, theirs], testContext());
    expect(outcome).toMatchObject({
      attempt: null,
      edit: { base: { mark: 1 }, changes: { frame: 4 } },
      row: theirs,
    });
  });

  it('sends the old value when the user took the change back after it was sent', () => {
    const undone = { ...edit, revision: 2, changes: {} };
    const outcome = settleEcho(stateOf({ row: base, edit: undone, attempt }), mine, testContext());
    expect(outcome.edit).toMatchObject({ base: { mark: 1 }, changes: { frame: 1 } });
  });
});

describe('settling the patch that takes the members out of a track for its delete', () => {
  it('asks with the track as others had left it, which "theirs" brings back', () => {
    const before = rowOf({ fields: { localizations: ['m'], 'attributes.A': 'x' } });
    const hidden = rowOf({ mark: 1, fields: { localizations: ['m'], 'attributes.A': 'theirs' } });
    const landed = rowOf({ mark: 2, fields: { localizations: [], 'attributes.A': 'x' } });
    const edit = editOf({ op: 'delete', base: before, changes: {} });
    const attempt = attemptOf({ intent: 'patch', baseMark: 0, sent: { localizations: [] } });
    const asked = settle(stateOf({ row: before, edit, attempt }), [before, hidden, landed], testContext());
    const [conflict] = asked.conflicts ?? [];
    expect(conflict).toMatchObject({ field: '$deleted', content: hidden.fields });
    const context = { id: 'answer', order: 5, now: 5 };
    const plan = planResolution(conflict!, 'theirs', stateOf(asked), context);
    expect(plan.rewrites[0]?.revision.edit).toMatchObject({
      op: 'edit',
      base: { mark: 2 },
      changes: { localizations: ['m'], 'attributes.A': 'theirs' },
    });
  });

  it('remembers the members that its own request has taken out, for the question about what others do next', () => {
    const before = rowOf({ fields: { localizations: ['m', 'n'], 'attributes.A': 'seen' } });
    const landed = rowOf({ mark: 1, fields: { localizations: [], 'attributes.A': 'seen' } });
    const edit = editOf({ op: 'delete', base: before, changes: {} });
    const attempt = attemptOf({ intent: 'patch', baseMark: 0, sent: { localizations: [] } });
    const emptied = settle(stateOf({ row: before, edit, attempt }), [before, landed], testContext());
    expect(emptied).toMatchObject({ edit: { op: 'delete', takenOut: ['m', 'n'] }, conflicts: [] });
    const theirs = rowOf({ mark: 2, fields: { localizations: ['o'], 'attributes.A': 'theirs' } });
    const asked = fold(stateOf(emptied), theirs, testContext());
    expect(asked.conflicts).toMatchObject([{ field: '$deleted', theirs: false }]);
    const context = { id: 'answer', order: 5, now: 5 };
    const plan = planResolution(asked.conflicts![0]!, 'theirs', stateOf(asked), context);
    expect(plan.rewrites[0]?.revision.edit).toMatchObject({
      ...{ op: 'edit', base: { mark: 2 } },
      changes: { localizations: ['m', 'n', 'o'] },
    });
  });

  it('takes back what may still arrive of a refused edit that is given up', () => {
    const edit = editOf({ base, changes: { frame: 4 }, maybeSent: true });
    const status = { kind: 'parked' as const, reason: 'no', at: 1 };
    const attempt = attemptOf({ intent: 'patch', baseMark: 0, sent: { frame: 4 } });
    const collision = { edit, theirs: rowOf({ mark: 1 }), field: 'frame', base: 1, mine: 4, value: 9 };
    const conflicts = list([], collision, testContext());
    const state = stateOf({ row: base, edit: { ...edit, status }, attempt, conflicts });
    const plan = planDiscard(state.edit!, state, { id: 'give-up', order: 5, now: 5 });
    const given = { ...state, ...plan.rewrites[0]?.revision };
    expect(visibleFields(given)).toEqual(base.fields);
    expect(given.conflicts).toEqual([]);
    expect(plan.journal).toMatchObject({ entry: { settled: conflicts } });
    const landed = rowOf({ mark: 1, fields: { ...base.fields, frame: 4 } });
    expect(settle(given, [base, landed], testContext()).edit).toMatchObject({ changes: { frame: 1 } });
    const absent = settle(given, [base], testContext());
    expect(absent).toMatchObject({ edit: null, attempt: null });
  });

  it('gives the members back to a track whose refused delete is given up', () => {
    const row = rowOf({ mark: 1, fields: { localizations: [], 'attributes.A': 'seen' } });
    const edit = editOf({ op: 'delete', base: row, changes: {}, takenOut: ['m'] });
    const status = { kind: 'parked' as const, reason: 'no', at: 1 };
    const state = stateOf({ row, edit: { ...edit, status } });
    const plan = planDiscard(state.edit!, state, { id: 'give-up', order: 5, now: 5 });
    expect(plan.rewrites[0]?.revision).toMatchObject({
      edit: { op: 'edit', changes: { localizations: ['m'] }, status: { kind: 'pending' }, revision: 5 },
      conflicts: [],
    });
    expect(plan.journal).toMatchObject({
      entry: { steps: [{ before: null, after: { localizations: ['m'] } }] },
    });
  });
});

describe('settling a delete in doubt', () => {
  const edit = editOf({ op: 'delete', base, changes: {} });
  const attempt = attemptOf({ intent: 'delete', sent: {} });
  const tombstone = rowOf({ mark: 1, deleted: true });

  it('is done when the tombstone is there', () => {
    expect(settle(stateOf({ row: base, edit, attempt }), [base, tombstone], testContext())).toMatchObject({
      edit: null,
      row: tombstone,
    });
  });

  it('asks where others changed what its user had made and deleted before he knew it was there', () => {
    const unseen = editOf({ op: 'delete', changes: {}, maybeSent: true });
    const state = stateOf({ edit: unseen, attempt: attemptOf({ intent: 'delete', baseMark: null }) });
    expect(settle(state, [base], testContext())).toMatchObject({ edit: { op: 'delete', base } });
    const theirs = rowOf({ mark: 1, fields: { frame: 2, 'attributes.A': 'x' } });
    const outcome = settle(state, [base, theirs], testContext());
    expect(outcome.conflicts).toMatchObject([{ field: '$deleted', mine: true, theirs: false }]);
  });

  it('makes the entity again when the user took the delete back meanwhile', () => {
    const undone = editOf({ base, changes: {}, revision: 2 });
    const outcome = settle(stateOf({ row: base, edit: undone, attempt }), [base, tombstone], testContext());
    expect(outcome.edit).toMatchObject({ op: 'create', base: { mark: 1 }, changes: base.fields });
  });
});

describe('parking', () => {
  it('keeps the edit with its reason', () => {
    const edit = editOf({ base, changes: { frame: 4 } });
    expect(park(stateOf({ edit }), { reason: 'no', revision: 1, now: 3 }).edit).toMatchObject({
      changes: { frame: 4 },
      status: { kind: 'parked', reason: 'no', at: 3 },
    });
  });

  it('tries a newer revision before it gives up', () => {
    const edit = editOf({ base, changes: { frame: 4 }, revision: 2 });
    expect(park(stateOf({ edit }), { reason: 'no', revision: 1, now: 3 }).edit).toMatchObject({
      status: { kind: 'pending' },
    });
  });
});
