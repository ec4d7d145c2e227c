import type { Selectable } from 'kysely';
import type { Localizations, States } from '../db/schema.ts';

export type LocalizationRow = Selectable<Localizations>;
export type StateRow = Selectable<States>;

/** The two kinds of annotation, by table. */
export interface AnnotationRows {
  localizations: LocalizationRow;
  states: StateRow;
}

export type AnnotationTable = keyof AnnotationRows;

/** A row before it is a mark: what the chain decides is missing. */
export type Draft<Table extends AnnotationTable> = Omit<
  AnnotationRows[Table],
  'id' | 'mark' | 'latest_mark' | 'deleted'
>;

const common = {
  project: 'integer',
  type: 'integer',
  version: 'integer',
  elemental_id: 'uuid',
  mark: 'integer',
  latest_mark: 'integer',
  variant_deleted: 'boolean',
  parent: 'integer',
  frame: 'integer',
  attributes: 'jsonb',
  created_by: 'integer',
  created_datetime: 'timestamptz',
  modified_by: 'integer',
  modified_datetime: 'timestamptz',
} as const;

/** Columns that a new mark fills, with their types, for reading a batch from one JSON value. */
export const insertColumns: Record<AnnotationTable, Record<string, string>> = {
  localizations: {
    ...common,
    media: 'integer',
    x: 'double precision',
    y: 'double precision',
    width: 'double precision',
    height: 'double precision',
    u: 'double precision',
    v: 'double precision',
    points: 'jsonb',
  },
  states: { ...common, media: 'integer[]', localizations: 'integer[]', segments: 'jsonb' },
};

/** As the API returns it. */
export function localizationJson(row: LocalizationRow): Record<string, unknown> {
  return {
    ...annotationJson(row),
    media: row.media,
    x: row.x,
    y: row.y,
    width: row.width,
    height: row.height,
    u: row.u,
    v: row.v,
    points: row.points,
  };
}

export function stateJson(row: StateRow): Record<string, unknown> {
  return {
    ...annotationJson(row),
    media: row.media,
    localizations: row.localizations,
    segments: row.segments,
  };
}

function annotationJson(row: LocalizationRow | StateRow): Record<string, unknown> {
  return {
    id: row.id,
    project: row.project,
    type: row.type,
    version: row.version,
    elemental_id: row.elemental_id,
    mark: row.mark,
    variant_deleted: row.variant_deleted,
    parent: row.parent,
    frame: row.frame,
    attributes: row.attributes,
    user: row.created_by,
    created_by: row.created_by,
    created_datetime: row.created_datetime,
    modified_by: row.modified_by,
    modified_datetime: row.modified_datetime,
    effective_permission: 0,
  };
}

/** Members of an annotation as JSON, other than its attributes. */
export function annotationFields(table: AnnotationTable): string[] {
  const shown =
    table === 'localizations' ? localizationJson({} as LocalizationRow) : stateJson({} as StateRow);
  return Object.keys(shown).filter((name) => name !== 'attributes');
}

/** Members that lists in lines of JSON call by the name of their column. */
const renamed = ['project', 'type', 'version', 'parent', 'user', 'created_by', 'modified_by'];

/**
 * As `format=jsonl` gives it: references end in `_id`, and of a whole row the columns that the API
 * otherwise hides are there too.
 */
export function rawJson(
  table: AnnotationTable,
  json: Readonly<Record<string, unknown>>,
  whole: LocalizationRow | StateRow | undefined,
): Record<string, unknown> {
  const names = table === 'localizations' ? [...renamed, 'media'] : renamed;
  const entries = Object.entries(json).map(([name, value]) => [
    names.includes(name) ? `${name}_id` : name,
    value,
  ]);
  const hidden = whole ? { latest_mark: whole.latest_mark, deleted: whole.deleted } : {};
  return { ...(Object.fromEntries(entries) as Record<string, unknown>), ...hidden };
}
