import { entityKey, type EntityKey } from '../../src/domain/identity.ts';
import { stateMembers } from '../../src/domain/member-set.ts';
import type { EntityState } from '../../src/sync/ports.ts';

/**
 * Whether all is done for an edit that can be done without a person: it is parked, or it is a track
 * that names a member that was refused, and waits for it.
 */
export function isLeftToTheUser(
  { edit }: Pick<EntityState, 'edit'>,
  states: ReadonlyMap<EntityKey, EntityState>,
): boolean {
  if (edit === null) return false;
  if (edit.status.kind === 'parked') return true;
  if (edit.ref.kind !== 'state') return false;
  const { version } = edit.ref;
  return stateMembers(edit.changes).some((elementalId) => {
    const member = states.get(entityKey({ kind: 'localization', version, elementalId }))?.edit;
    const isAbsent = member?.base?.deleted ?? true;
    return member?.status.kind === 'parked' && member.op !== 'delete' && isAbsent;
  });
}
