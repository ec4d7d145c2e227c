import { entityKey, type EntityKey } from '../../src/domain/identity.ts';
import { stateMembers } from '../../src/domain/member-set.ts';
import { mediaRef, type EntityState } from '../../src/sync/ports.ts';

/**
 * Whether all is done for an edit that can be done without a person: it is parked, or it waits for what
 * was refused: its media, or a member of the track that it is.
 */
export function isLeftToTheUser(
  { edit }: Pick<EntityState, 'edit'>,
  states: ReadonlyMap<EntityKey, EntityState>,
): boolean {
  if (edit === null) return false;
  if (edit.status.kind === 'parked') return true;
  const media = states.get(entityKey(mediaRef(edit.media)))?.edit;
  if (media?.op === 'create' && media.status.kind === 'parked') return true;
  if (edit.ref.kind !== 'state') return false;
  const { version } = edit.ref;
  return stateMembers(edit.changes).some((elementalId) => {
    const member = states.get(entityKey({ kind: 'localization', version, elementalId }))?.edit;
    const isAbsent = member?.base?.deleted ?? true;
    if (member === undefined || member === null || member.op === 'delete') return false;
    return isAbsent && isLeftToTheUser({ edit: member }, states);
  });
}
