import type { Db, Tx } from '../db/database.ts';
import type { TypeKind } from '../db/schema.ts';
import { columnField, type Field, type FieldKind, type SearchScope } from './fields.ts';

type Columns = Readonly<Record<string, FieldKind>>;

const annotationColumns: Columns = {
  version: 'number',
  type: 'number',
  created_by: 'number',
  modified_by: 'number',
  frame: 'number',
  id: 'number',
  created_datetime: 'date',
  modified_datetime: 'date',
  elemental_id: 'text',
  variant_deleted: 'bool',
};

const columnsOf: Record<TypeKind, Columns> = {
  localization: {
    ...annotationColumns,
    x: 'number',
    y: 'number',
    u: 'number',
    v: 'number',
    width: 'number',
    height: 'number',
  },
  state: annotationColumns,
  media: {
    id: 'number',
    type: 'number',
    name: 'text',
    fps: 'number',
    num_frames: 'number',
    width: 'number',
    height: 'number',
    created_by: 'number',
    modified_by: 'number',
    created_datetime: 'date',
    modified_datetime: 'date',
    elemental_id: 'text',
    archive_state: 'text',
    md5: 'text',
    gid: 'text',
    uid: 'text',
  },
  leaf: { id: 'number', type: 'number', name: 'text', path: 'text' },
  file: {
    id: 'number',
    type: 'number',
    name: 'text',
    description: 'text',
    elemental_id: 'text',
    created_by: 'number',
    modified_by: 'number',
    created_datetime: 'date',
    modified_datetime: 'date',
  },
};

/** What can be searched of one kind of entity in a project; `alias` is its table in the query. */
export async function loadScope(
  db: Db | Tx,
  project: number,
  kind: TypeKind,
  { alias, type }: { alias: string; type?: number | undefined },
): Promise<SearchScope> {
  let query = db
    .selectFrom('entity_types')
    .select(['id', 'attribute_types'])
    .where('project', '=', project)
    .where('kind', '=', kind);
  if (type !== undefined) query = query.where('id', '=', type);
  return { alias, builtins: builtinsOf(kind, alias), types: await query.execute() };
}

function builtinsOf(kind: TypeKind, alias: string): Record<string, Field> {
  const fields: Record<string, Field> = {};
  for (const [column, fieldKind] of Object.entries(columnsOf[kind])) {
    fields[`$${column}`] = columnField(alias, column, fieldKind);
  }
  if (kind === 'localization' || kind === 'state')
    fields['$user'] = columnField(alias, 'created_by', 'number');
  if (kind === 'media') fields['$section'] = columnField(alias, 'primary_section', 'number');
  return fields;
}
