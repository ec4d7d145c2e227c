import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameValue } from '../../../src/domain/compare.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import { deletedField, fold, rebase, sendable } from '../../../src/sync/merge.ts';
import { contentOf } from '../../../src/store/overlay.ts';
import { editOf, key, rowOf, stateOf, testContext } from './support.ts';

const names = ['frame', 'geometry', 'attributes.A', 'attributes.B'];
const value = fc.integer({ min: 0, max: 3 });
const content = fc.record(Object.fromEntries(names.map((name) => [name, value])));
const partial = fc.dictionary(fc.constantFrom(...names), value);

const cases = { numRuns: 3000 };

function onlyChanges(base: Fields, changes: Fields): Fields {
  return Object.fromEntries(Object.entries(changes).filter(([field, mine]) => !sameValue(base[field], mine)));
}

describe('the three-way merge', () => {
  it('keeps mine where only I changed, takes theirs where only they did, and lists the rest', () => {
    fc.assert(
      fc.property(content, partial, content, (base, wish, theirs) => {
        const changes = onlyChanges(base, wish);
        const state = stateOf({
          row: rowOf({ fields: base }),
          edit: editOf({ base: rowOf({ fields: base }), changes }),
        });
        const { edit, conflicts = [] } = rebase(state, rowOf({ mark: 1, fields: theirs }), testContext());
        const seen = edit ? contentOf(edit) : theirs;
        for (const name of names) {
          const [b, m, t] = [base[name], changes[name] ?? base[name], theirs[name]];
          const collides = !sameValue(b, m) && !sameValue(b, t) && !sameValue(m, t);
          expect(conflicts.some(({ field }) => field === name)).toBe(collides);
          expect(seen[name]).toBe(sameValue(b, m) ? t : m);
        }
      }),
      cases,
    );
  });

  it('sends nothing of a field that is in conflict, and invents no field', () => {
    fc.assert(
      fc.property(content, partial, content, (base, wish, theirs) => {
        const changes = onlyChanges(base, wish);
        const state = stateOf({ edit: editOf({ base: rowOf({ fields: base }), changes }) });
        const { edit, conflicts = [] } = rebase(state, rowOf({ mark: 1, fields: theirs }), testContext());
        const sent = edit ? sendable(edit, conflicts) : {};
        for (const [field, mine] of Object.entries(sent)) {
          expect(changes[field]).toBe(mine);
          expect(conflicts.map((one) => one.field)).not.toContain(field);
          expect(sameValue(base[field], theirs[field])).toBe(true);
        }
      }),
      cases,
    );
  });

  it('gives the same whether two changes of theirs arrive one by one or at once, as far as nothing collided', () => {
    fc.assert(
      fc.property(content, partial, content, content, (base, wish, first, second) => {
        const changes = onlyChanges(base, wish);
        const state = stateOf({ edit: editOf({ base: rowOf({ fields: base }), changes }) });
        const step = rebase(state, rowOf({ mark: 1, fields: first }), testContext());
        fc.pre((step.conflicts ?? []).length === 0 && step.edit !== null);
        const twice = rebase({ ...state, ...step }, rowOf({ mark: 2, fields: second }), testContext());
        const once = rebase(state, rowOf({ mark: 2, fields: second }), testContext());
        fc.pre(Object.keys(step.edit!.changes).length === Object.keys(changes).length);
        expect(twice.edit?.changes ?? {}).toEqual(once.edit?.changes ?? {});
      }),
      cases,
    );
  });

  it('is done when they came to the same value', () => {
    const state = stateOf({ edit: editOf({ base: rowOf({}), changes: { frame: 9 } }) });
    expect(rebase(state, rowOf({ mark: 1, fields: { frame: 9 } }), testContext())).toMatchObject({
      edit: null,
      conflicts: [],
    });
  });
});

describe('delete against edit', () => {
  it('asks when they deleted what I edited, and keeps mine visible', () => {
    const state = stateOf({ edit: editOf({ base: rowOf({}), changes: { frame: 9 } }) });
    const { edit, conflicts } = rebase(state, rowOf({ mark: 1, deleted: true }), testContext());
    expect(conflicts).toMatchObject([{ key, field: deletedField, mine: false, theirs: true }]);
    expect(edit).toMatchObject({ changes: { frame: 9 } });
    expect(sendable(edit!, conflicts!)).toEqual({});
  });

  it('asks when they edited what I deleted', () => {
    const state = stateOf({ edit: editOf({ op: 'delete', base: rowOf({}), changes: {} }) });
    const { conflicts } = rebase(state, rowOf({ mark: 1, fields: { frame: 5 } }), testContext());
    expect(conflicts).toMatchObject([{ field: deletedField, mine: true, theirs: false }]);
  });

  it('does not ask when only the mark has moved', () => {
    const state = stateOf({ edit: editOf({ op: 'delete', base: rowOf({}), changes: {} }) });
    expect(rebase(state, rowOf({ mark: 1 }), testContext())).toMatchObject({ edit: { base: { mark: 1 } } });
  });

  it('is done when both deleted, with or without a trace', () => {
    const state = stateOf({ edit: editOf({ op: 'delete', base: rowOf({}), changes: {} }) });
    expect(rebase(state, rowOf({ mark: 1, deleted: true }), testContext()).edit).toBeNull();
    expect(rebase(state, null, testContext()).edit).toBeNull();
  });

  it('asks as well when a row that I edited has vanished', () => {
    const state = stateOf({ edit: editOf({ base: rowOf({}), changes: { frame: 9 } }) });
    expect(rebase(state, null, testContext())).toMatchObject({
      row: null,
      conflicts: [{ field: deletedField }],
    });
  });
});

describe('folding a pulled row', () => {
  it('ignores what is older than what is known', () => {
    expect(fold(stateOf({ row: rowOf({ mark: 4 }) }), rowOf({ mark: 3, rowId: 999 }), testContext())).toEqual(
      {},
    );
  });

  it('takes a rewrite in place of the same mark', () => {
    const read = rowOf({ mark: 4, modifiedAt: '2026-01-02T00:00:00.000Z' });
    expect(fold(stateOf({ row: rowOf({ mark: 4 }) }), read, testContext())).toMatchObject({ row: read });
  });

  it('leaves the merge to the settlement while a request is open', () => {
    const edit = editOf({ base: rowOf({}), changes: { frame: 9 } });
    const attempt = {
      id: 'a',
      key,
      revision: 1,
      intent: 'patch',
      baseMark: 0,
      sent: { frame: 9 },
      state: 'sent',
      at: 0,
    } as const;
    const read = rowOf({ mark: 1 });
    expect(fold(stateOf({ row: rowOf({}), edit, attempt }), read, testContext())).toEqual({ row: read });
  });
});
