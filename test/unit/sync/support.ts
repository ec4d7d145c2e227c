import { entityKey, type EntityRef } from '../../../src/domain/identity.ts';
import type { Attempt, Edit, EntityState, ServerRow } from '../../../src/sync/ports.ts';
import type { SettleContext } from '../../../src/sync/settle.ts';

export const ref: EntityRef = {
  kind: 'localization',
  version: 1,
  elementalId: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
};
export const key = entityKey(ref);

export function rowOf(over: Partial<ServerRow>): ServerRow {
  const mark = over.mark ?? 0;
  return {
    ref,
    rowId: 10 + mark,
    mark,
    type: 7,
    media: 'm',
    deleted: false,
    fields: { frame: 1 },
    createdBy: 2,
    modifiedBy: 2,
    modifiedAt: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}

export function editOf(over: Partial<Edit>): Edit {
  return {
    key,
    ref,
    projectId: 1,
    type: 7,
    media: 'm',
    op: 'edit',
    base: null,
    changes: {},
    revision: 1,
    maybeSent: false,
    status: { kind: 'pending' },
    createdAt: 0,
    updatedAt: 0,
    ...over,
  };
}

export function attemptOf(over: Partial<Attempt>): Attempt {
  return {
    id: 'a',
    key,
    revision: 1,
    intent: 'patch',
    baseMark: 0,
    sent: {},
    state: 'in-doubt',
    at: 0,
    ...over,
  };
}

export function stateOf(over: Partial<EntityState>): EntityState {
  return { row: null, edit: null, attempt: null, conflicts: [], ...over };
}

export function testContext(): SettleContext {
  let last = 0;
  return { now: 5, lateFor: 0, makeId: () => `id-${(last += 1)}` };
}
