import type { Json } from '../base/json.ts';
import { printOfText } from '../base/row-prints.ts';
import type { Fields } from '../domain/fields.ts';
import type { LocalizationDtype } from '../domain/geometry.ts';
import type { MediaKey } from '../domain/identity.ts';
import { stateMembers } from '../domain/member-set.ts';
import type { ServerRow } from '../sync/ports.ts';
import {
  asId,
  attributeFields,
  attributeMembers,
  geometryFrom,
  geometryMembers,
  idOrNull,
  textOr,
  type Wire,
} from './wire.ts';

export interface RowContext {
  keyOf: (mediaId: number) => MediaKey;
  /** Of localization types. */
  dtypeOf: (type: number) => LocalizationDtype | undefined;
  /** Elemental id of a localization's row id; null for one that cannot be seen. */
  memberOf: (rowId: number) => string | null;
}

/** A localization as the server tells it; throws `TidemarkError` where what identifies it is missing. */
export function localizationRow(row: Wire, context: RowContext): ServerRow {
  const type = asId(row.type, 'type');
  const geometry = geometryFrom(row, context.dtypeOf(type)) as unknown as Json;
  const fields = { frame: typeof row.frame === 'number' ? row.frame : 0, geometry };
  return {
    ...common(row, 'localization', context.keyOf(asId(row.media, 'media'))),
    fields: { ...fields, ...attributeFields(row.attributes) },
  };
}

/** A state; its members by their elemental ids, sorted. */
export function stateRow(row: Wire, context: RowContext): ServerRow {
  const media = idList(row.media);
  const members = idList(row.localizations).flatMap((id) => context.memberOf(id) ?? []);
  const fields: Fields = { localizations: [...new Set(members)].sort(), ...attributeFields(row.attributes) };
  if (typeof row.frame === 'number') fields.frame = row.frame;
  return { ...common(row, 'state', context.keyOf(media[0] ?? 0)), fields };
}

/**
 * What is added to the print of a row's bytes: these name the members of a track by row ids, and which elements
 * those are can change while the bytes stay. So a set with tracks that have members is not known again by the
 * bytes alone, but by rows that are made of them.
 */
export function printOfMembers({ fields }: Pick<ServerRow, 'fields'>): number {
  return printOfText(stateMembers(fields).join(' '));
}

export function idList(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((id): id is number => typeof id === 'number') : [];
}

function common(row: Wire, kind: 'localization' | 'state', media: MediaKey): Omit<ServerRow, 'fields'> {
  const rowId = asId(row.id, 'id');
  return {
    ref: {
      kind,
      version: asId(row.version, 'version'),
      elementalId: textOr(row.elemental_id, '') || `row-${rowId}`,
    },
    rowId,
    mark: asId(row.mark, 'mark'),
    type: asId(row.type, 'type'),
    media,
    deleted: row.variant_deleted === true,
    createdBy: idOrNull(row.created_by),
    modifiedBy: idOrNull(row.modified_by),
    modifiedAt: textOr(row.modified_datetime, ''),
  };
}

/** The members of an edit; `localizations` is left to the caller, who knows row ids. */
export function editMembers(changes: Fields): Wire {
  return {
    ...(typeof changes.frame === 'number' ? { frame: changes.frame } : {}),
    ...geometryMembers(changes.geometry ?? null),
    ...attributeMembers(changes),
  };
}
