import type { Json } from '../../../base/json.ts';
import type { Geometry } from '../../../domain/geometry.ts';
import type { MediaKey } from '../../../domain/identity.ts';
import type { Conflict, Edit } from '../../../sync/ports.ts';
import { syncStrings } from '../../strings/sync.en.ts';
import { conflictPicture, type ConflictPicture } from './conflict-picture.ts';
import { DELETED_FIELD, fieldLabel } from './field-label.ts';
import { geometryFrom } from './geometry-summary.ts';
import type { Lookups } from './lookups.ts';
import { entityTitle } from './queue-items.ts';
import { valueText } from './value-text.ts';

export type Choice = 'mine' | 'theirs';

export interface ConflictItem {
  id: string;
  media: MediaKey;
  title: string;
  field: string;
  fieldLabel: string;
  /** Who gave each value, and when. */
  authors: Record<Side, Author>;
  picture: ConflictPicture;
  subject:
    | { kind: 'value'; base: string; mine: string; theirs: string }
    | { kind: 'shape'; base: Shape; mine: Shape; theirs: Shape }
    /** One side deleted it; asked in words. */
    | { kind: 'deleted'; question: string; mine: string; theirs: string };
  mineLabel: string;
  theirsLabel: string;
  /** How many other conflicts the same answer could settle. */
  alike: number;
}

export type Side = 'base' | 'mine' | 'theirs';

export interface Author {
  /** `Someone` where the server does not say; empty where there was nobody yet. */
  who: string;
  /** ms; null where it is not known. */
  at: number | null;
}

/** Who and what the device knows beside the conflicts. */
export interface ConflictFacts {
  edits: readonly Edit[];
  /** Name of the user whose work this is. */
  me: string;
}

export interface Shape {
  geometry: Geometry;
  text: string;
}

export interface ConflictGroup {
  media: MediaKey;
  name: string;
  items: ConflictItem[];
}

/** The conflicts by media, in the order in which they came. */
export function conflictGroups(
  conflicts: readonly Conflict[],
  lookups: Lookups,
  { edits, me }: ConflictFacts,
): ConflictGroup[] {
  const editOf = new Map(edits.map((edit) => [edit.key, edit]));
  const groups = new Map<MediaKey, ConflictGroup>();
  for (const conflict of conflicts) {
    const name = lookups.mediaName(conflict.media) ?? conflict.media;
    const group = groups.get(conflict.media) ?? { media: conflict.media, name, items: [] };
    const edit = editOf.get(conflict.key) ?? null;
    group.items.push(conflictItem(conflict, { all: conflicts, lookups, edit, me }));
    groups.set(conflict.media, group);
  }
  return [...groups.values()];
}

/**
 * The conflicts that one answer may settle together: the same field, and for a deletion the same
 * side that deleted. The given one goes first.
 */
export function alikeTo(conflict: Conflict, all: readonly Conflict[]): Conflict[] {
  const others = all.filter(
    (other) =>
      other.id !== conflict.id &&
      other.field === conflict.field &&
      (conflict.field !== DELETED_FIELD || other.mine === conflict.mine),
  );
  return [conflict, ...others];
}

interface Around {
  all: readonly Conflict[];
  lookups: Lookups;
  /** The user's work that the conflict is about; null where it is gone by now. */
  edit: Edit | null;
  me: string;
}

export function conflictItem(conflict: Conflict, { all, lookups, edit, me }: Around): ConflictItem {
  const nameOf = (user: number | null): string =>
    (user === null ? null : lookups.userName(user)) ?? syncStrings.conflicts.unknownUser;
  const who = nameOf(conflict.theirsBy);
  return {
    id: conflict.id,
    media: conflict.media,
    title: edit === null ? syncStrings.kinds[conflict.ref.kind] : entityTitle(edit, lookups),
    field: conflict.field,
    fieldLabel: fieldLabel(conflict.field),
    authors: {
      base:
        conflict.baseAt === undefined
          ? { who: '', at: null }
          : { who: nameOf(conflict.baseBy ?? null), at: timeOf(conflict.baseAt) },
      mine: { who: syncStrings.conflicts.me(me), at: edit?.updatedAt ?? conflict.at },
      theirs: { who, at: timeOf(conflict.theirsAt) },
    },
    picture: conflictPicture(conflict, edit),
    subject: subjectOf(conflict, who),
    ...choiceLabels(conflict),
    alike: alikeTo(conflict, all).length - 1,
  };
}

function timeOf(iso: string): number | null {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? null : at;
}

function subjectOf(conflict: Conflict, who: string): ConflictItem['subject'] {
  const t = syncStrings.conflicts;
  const { field, base, mine, theirs } = conflict;
  if (field === DELETED_FIELD) {
    const [did, other] = [t.deletedSide, t.changedSide];
    return mine === true
      ? { kind: 'deleted', question: t.iDeleted(who), mine: did, theirs: other }
      : { kind: 'deleted', question: t.theyDeleted(who), mine: other, theirs: did };
  }
  const shapes = field === 'geometry' ? [shapeOf(base), shapeOf(mine), shapeOf(theirs)] : [];
  const [baseShape, mineShape, theirsShape] = shapes;
  if (baseShape && mineShape && theirsShape) {
    return { kind: 'shape', base: baseShape, mine: mineShape, theirs: theirsShape };
  }
  return {
    kind: 'value',
    base: valueText(field, base),
    mine: valueText(field, mine),
    theirs: valueText(field, theirs),
  };
}

function shapeOf(value: Json): Shape | null {
  const geometry = value === null ? { kind: 'none' as const } : geometryFrom(value);
  return geometry === null ? null : { geometry, text: valueText('geometry', value) };
}

function choiceLabels(conflict: Conflict): Pick<ConflictItem, 'mineLabel' | 'theirsLabel'> {
  const t = syncStrings.conflicts;
  if (conflict.field !== DELETED_FIELD) return { mineLabel: t.keepMine, theirsLabel: t.takeTheirs };
  return conflict.mine === true
    ? { mineLabel: t.deleteIt, theirsLabel: t.keepTheirs }
    : { mineLabel: t.keepWithMine, theirsLabel: t.deleteIt };
}
