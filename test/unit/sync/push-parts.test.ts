import { describe, expect, it } from 'vitest';
import { mergedSet } from '../../../src/domain/member-set.ts';
import { nextBatchSize } from '../../../src/sync/batch-size.ts';
import { inLanes } from '../../../src/sync/lanes.ts';
import { absentOf, nextStep } from '../../../src/sync/plan.ts';
import { Refusals } from '../../../src/sync/refusals.ts';
import { settle } from '../../../src/sync/settle.ts';
import { attemptOf, editOf, key, ref, rowOf, stateOf, testContext } from './support.ts';

describe('a create without an answer', () => {
  const asked = stateOf({
    edit: editOf({ op: 'create', changes: { frame: 1 } }),
    attempt: attemptOf({ intent: 'create', baseMark: null, sent: { frame: 1 }, at: 1000 }),
  });

  it('stays in doubt while it may still take effect, and is free after that', () => {
    const context = { ...testContext(), lateFor: 60_000 };
    expect(settle(asked, [], { ...context, now: 30_000 })).toEqual({ row: null });
    expect(settle(asked, [], { ...context, now: 61_000 })).toMatchObject({ attempt: null });
  });

  it('is done as soon as it is seen', () => {
    const context = { ...testContext(), lateFor: 60_000, now: 30_000 };
    expect(settle(asked, [rowOf({})], context)).toMatchObject({ attempt: null, edit: null });
  });

  it('is asked about where somebody rewrote in place what the user has changed since', () => {
    const state = { ...asked, edit: editOf({ op: 'create', changes: { frame: 3 }, revision: 2 }) };
    expect(settle(state, [rowOf({ fields: { frame: 2 } })], testContext()).conflicts).toMatchObject([
      { field: 'frame', base: 1, mine: 3, theirs: 2 },
    ]);
  });
});

describe('the plan', () => {
  const track = { kind: 'state', version: 1, elementalId: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb' } as const;
  const member = stateOf({ edit: editOf({ op: 'create' }) });
  const naming = { localizations: [ref.elementalId], 'attributes.Name': 'x' };
  const made = stateOf({ edit: editOf({ ref: track, key: 'state', op: 'create', changes: naming }) });
  const changed = stateOf({ edit: editOf({ ref: track, base: rowOf({}), changes: naming }) });
  const known = { mediaIds: new Map([['m', 1]]), keepsMembers: new Set<number>() };

  it('makes a track after its members', () => {
    expect(nextStep(made, { ...known, absent: absentOf([member, made]) })).toBeNull();
    expect(nextStep(made, { ...known, absent: new Set() })?.intent).toBe('create');
  });

  it('holds back of a changed track only what names the absent', () => {
    expect(nextStep(changed, { ...known, absent: new Set([key]) })?.fields).toEqual({
      'attributes.Name': 'x',
    });
  });

  it('takes the members out of a track that would take them along before it deletes the track', () => {
    const base = rowOf({ ref: track, mark: 2, fields: naming });
    const removed = stateOf({ edit: editOf({ ref: track, op: 'delete', base, type: 7 }) });
    const absent = new Set<never>();
    expect(nextStep(removed, { ...known, absent })).toMatchObject({
      ...{ intent: 'patch', baseMark: 2, fields: { localizations: [] } },
    });
    expect(nextStep(removed, { ...known, absent, keepsMembers: new Set([7]) })?.intent).toBe('delete');
    const emptied = { ...removed.edit!, base: { ...base, mark: 3, fields: { localizations: [] } } };
    expect(nextStep(stateOf({ edit: emptied }), { ...known, absent })?.intent).toBe('delete');
  });

  it('makes a localization after its media', () => {
    expect(nextStep(member, { ...known, mediaIds: new Map(), absent: new Set() })).toBeNull();
  });
});

describe('sets of members', () => {
  it('take what either side added and lose what either removed', () => {
    expect(mergedSet(['a', 'b', 'c'], { mine: ['a', 'b', 'd'], theirs: ['b', 'c', 'e'] })).toEqual([
      'b',
      'd',
      'e',
    ]);
  });
});

describe('refusals', () => {
  it('of a server that means them are believed at once', () => {
    expect(new Refusals().note(key, 1, { now: 0, exact: true })).toBe(true);
  });

  it('that may mean anything are believed when they last, and rest in between', () => {
    const refusals = new Refusals();
    const times = [0, 20_000, 40_000].map((now) => refusals.note(key, 1, { now, exact: false }));
    expect(times).toEqual([false, false, true]);
    refusals.note(key, 2, { now: 0, exact: false });
    expect([refusals.isDue(key, 2, 1000), refusals.isDue(key, 2, 20_000)]).toEqual([false, true]);
  });
});

describe('lanes', () => {
  it('run so many at once, keep the order of the items, and begin nothing after a stop', async () => {
    let [open, most] = [0, 0];
    const results = await inLanes(
      [1, 2, 3, 4, 5, 6, 7, 8],
      { lanes: 3, goesOn: (n: number) => n !== 4 },
      async (n) => {
        most = Math.max(most, (open += 1));
        await Promise.resolve();
        open -= 1;
        return n;
      },
    );
    expect(most).toBe(3);
    const begun = results.map(({ item }) => item);
    expect(begun.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(begun).not.toContain(8);
  });
});

describe('the size of a batch', () => {
  it('aims at ten seconds of the link, and shrinks when an answer is lost', () => {
    expect(nextBatchSize(250, 40_000)).toBe(62);
    expect(nextBatchSize(250, 1000)).toBe(500);
    expect(nextBatchSize(250, null)).toBe(125);
    expect(nextBatchSize(12, null)).toBe(10);
  });
});
