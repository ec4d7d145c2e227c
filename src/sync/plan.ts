import type { Fields } from '../domain/fields.ts';
import { entityKey, isLocalVersion, type EntityKey, type MediaKey } from '../domain/identity.ts';
import { stateMembers } from '../domain/member-set.ts';
import { deletedField, sendable } from './merge.ts';
import type { Attempt, Edit, EntityState, Place } from './ports.ts';

/** What is to be sent for an entity, as far as it may be sent now. */
export interface Step {
  intent: Attempt['intent'];
  place: Place;
  baseMark: number | null;
  /** The whole content of a create, the changed fields of a patch, nothing of a delete. */
  fields: Fields;
  /** Refused before: a create is sent alone. */
  suspect?: boolean;
}

/** What of the project is on the server already. */
export interface PlanContext {
  mediaIds: ReadonlyMap<MediaKey, number>;
  /** Entities of this device that the server does not have (yet). */
  absent: ReadonlySet<EntityKey>;
  /** State types whose states leave their members behind when the server deletes them. */
  keepsMembers: ReadonlySet<number>;
}

/** The entities of the outbox that are not on the server (yet, or while the user is asked whether they shall be). */
export function absentOf(outbox: readonly EntityState[]): Set<EntityKey> {
  return new Set(
    outbox.flatMap(({ edit }) =>
      edit !== null && edit.op !== 'delete' && (edit.base === null || edit.base.deleted) ? [edit.key] : [],
    ),
  );
}

/**
 * The next request for an entity, or null: nothing to send, a question is open (conflict, parked,
 * in doubt), or something that it names is not on the server yet: its media, its version, or a member of
 * a track.
 * What is refused holds back only what names it.
 */
export function nextStep(state: EntityState, context: PlanContext): Step | null {
  const step = wantedStep(state);
  if (step === null) return null;
  if (step.intent === 'delete') return takesMembers(state, context) ? emptied(step) : step;
  if (step.intent === 'create')
    return context.mediaIds.has(step.place.media) && !namesAbsent(step, context) ? step : null;
  return namesAbsent(step, context) ? withoutMembers(step) : step;
}

function wantedStep({ edit, attempt, conflicts }: EntityState): Step | null {
  if (edit === null || attempt !== null || edit.maybeSent || edit.status.kind === 'parked') return null;
  if (!isToBeSent(edit) || conflicts.some(({ field }) => field === deletedField)) return null;
  const place = { ref: edit.ref, media: edit.media };
  const baseMark = edit.base?.mark ?? null;
  switch (edit.op) {
    case 'create':
      return { intent: 'create', place, baseMark, fields: edit.changes };
    case 'edit': {
      const fields = sendable(edit, conflicts);
      if (edit.base === null || edit.base.deleted || Object.keys(fields).length === 0) return null;
      return { intent: 'patch', place, baseMark, fields };
    }
    case 'delete':
      return edit.base === null || edit.base.deleted
        ? null
        : { intent: 'delete', place, baseMark, fields: {} };
  }
}

/** Whether the server would delete the members together with the track, which nobody has asked for. */
function takesMembers({ edit }: EntityState, { keepsMembers }: PlanContext): boolean {
  if (edit?.ref.kind !== 'state' || keepsMembers.has(edit.type)) return false;
  return stateMembers(edit.base?.fields ?? {}).length > 0;
}

/** First the track lets go of its members; what it is then is deleted by the next request. */
function emptied(step: Step): Step {
  return { ...step, intent: 'patch', fields: { localizations: [] } };
}

/** A track names its members: they come first. */
function namesAbsent({ place: { ref }, fields }: Step, { absent }: PlanContext): boolean {
  if (ref.kind !== 'state' || absent.size === 0) return false;
  const { version } = ref;
  return stateMembers(fields).some((elementalId) =>
    absent.has(entityKey({ kind: 'localization', version, elementalId })),
  );
}

function withoutMembers(step: Step): Step | null {
  const { localizations: _members, ...fields } = step.fields;
  return Object.keys(fields).length === 0 ? null : { ...step, fields };
}

/** A delete of what the server is not known to have: there is nothing to send, but something to find out. */
function deletesNothing({ edit }: EntityState): boolean {
  return (
    edit?.op === 'delete' &&
    edit.status.kind !== 'parked' &&
    !edit.maybeSent &&
    (edit.base === null || edit.base.deleted)
  );
}

/**
 * Whether the entity must be read before the next request: what is in doubt, and what the server
 * would carry out blindly (it checks the mark of a PATCH alone).
 */
export function needsLookup(state: EntityState, context: PlanContext): boolean {
  if (state.edit !== null && !isToBeSent(state.edit)) return false;
  if (state.attempt !== null || deletesNothing(state)) return true;
  const step = nextStep(state, context);
  if (step === null || step.intent === 'patch') return false;
  return step.intent === 'delete' || step.baseMark !== null || state.edit?.sentBefore === true;
}

/**
 * Medias and catalogs are pushed by rules of their own; an annotation waits for its version
 * (`local-versions.ts`).
 */
function isToBeSent({ ref: { kind, version } }: Edit): boolean {
  return (kind === 'localization' || kind === 'state') && !isLocalVersion(version);
}
