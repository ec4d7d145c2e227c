import type { Json } from '../../../base/json.ts';
import type { Geometry } from '../../../domain/geometry.ts';
import type { MediaKey } from '../../../domain/identity.ts';
import type { Conflict } from '../../../sync/ports.ts';
import { syncStrings } from '../../strings/sync.en.ts';
import { DELETED_FIELD, fieldLabel } from './field-label.ts';
import { geometryFrom } from './geometry-summary.ts';
import type { Lookups } from './lookups.ts';
import { valueText } from './value-text.ts';

export type Choice = 'mine' | 'theirs';

export interface ConflictItem {
  id: string;
  media: MediaKey;
  title: string;
  field: string;
  fieldLabel: string;
  /** Who changed it there; `Someone` where the server does not say. */
  who: string;
  /** ISO 8601, as the server wrote it. */
  theirsAt: string;
  subject:
    | { kind: 'value'; base: string; mine: string; theirs: string }
    | { kind: 'shape'; base: Shape; mine: Shape; theirs: Shape }
    /** One side deleted it; asked in words. */
    | { kind: 'deleted'; question: string };
  mineLabel: string;
  theirsLabel: string;
  /** How many other conflicts the same answer could settle. */
  alike: number;
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
export function conflictGroups(conflicts: readonly Conflict[], lookups: Lookups): ConflictGroup[] {
  const groups = new Map<MediaKey, ConflictGroup>();
  for (const conflict of conflicts) {
    const name = lookups.mediaName(conflict.media) ?? conflict.media;
    const group = groups.get(conflict.media) ?? { media: conflict.media, name, items: [] };
    group.items.push(conflictItem(conflict, conflicts, lookups));
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

export function conflictItem(conflict: Conflict, all: readonly Conflict[], lookups: Lookups): ConflictItem {
  const t = syncStrings.conflicts;
  const known = conflict.theirsBy === null ? null : lookups.userName(conflict.theirsBy);
  const who = known ?? t.unknownUser;
  const label = lookups.label(conflict.key);
  const kind = syncStrings.kinds[conflict.ref.kind];
  return {
    id: conflict.id,
    media: conflict.media,
    title: label === null ? kind : `${kind} · ${label}`,
    field: conflict.field,
    fieldLabel: fieldLabel(conflict.field),
    who,
    theirsAt: conflict.theirsAt,
    subject: subjectOf(conflict, who),
    ...choiceLabels(conflict),
    alike: alikeTo(conflict, all).length - 1,
  };
}

function subjectOf(conflict: Conflict, who: string): ConflictItem['subject'] {
  const t = syncStrings.conflicts;
  const { field, base, mine, theirs } = conflict;
  if (field === DELETED_FIELD) {
    return { kind: 'deleted', question: mine === true ? t.iDeleted(who) : t.theyDeleted(who) };
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
