import type { Json } from '../../src/base/json.ts';
import { seededRandom, type Random } from '../../src/base/random.ts';
import { sameValue } from '../../src/domain/compare.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { entityKey, type EntityRef } from '../../src/domain/identity.ts';
import { isSetField } from '../../src/domain/member-set.ts';
import type { Edit, EntityState, ServerRow } from '../../src/sync/ports.ts';

/** One entity as a user found it, as he left it, and as others left it meanwhile. */
export interface MergeCase {
  seed: number;
  base: ServerRow;
  /** The user's edit over `base`. */
  edit: Edit;
  /** What others wrote since, oldest first, each a mark of its own. */
  remote: ServerRow[];
}

const ref: EntityRef = { kind: 'state', version: 1, elementalId: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' };

/** Few values of few fields, so that both sides meet often. */
const pools: Readonly<Record<string, readonly Json[]>> = {
  geometry: [
    { x: 0.1, y: 0.1, width: 0.2, height: 0.2 },
    { x: 0.1, y: 0.1, width: 0.2, height: 0.3 },
    { x: 0.5, y: 0.1, width: 0.2, height: 0.2 },
  ],
  frame: [0, 1, 2],
  'attributes.Species': ['Cod', 'Hake', '', null],
  'attributes.Count': [1, 2, 3],
  localizations: [[], ['a'], ['b'], ['a', 'b'], ['b', 'c'], ['a', 'b', 'c']],
};
const fieldNames = Object.keys(pools);

/** The case of a seed: one entity, changed twice from the same base. */
export function mergeCase(seed: number): MergeCase {
  const random = seededRandom(seed);
  const fields = Object.fromEntries(fieldNames.map((field) => [field, pickFrom(pools[field], random)]));
  const base = rowOf(0, fields);
  const changes = changed(fields, random);
  const op = random() < 0.12 ? 'delete' : 'edit';
  const remote: ServerRow[] = [];
  let last = base;
  for (let left = Math.floor(random() * 4); left > 0; left -= 1) {
    const next = changed(last.fields, random);
    // A tombstone has the content of the mark before it.
    const deleted = random() < 0.1;
    last = { ...rowOf(last.mark + 1, deleted ? last.fields : { ...last.fields, ...next }), deleted };
    remote.push(last);
  }
  return { seed, base, edit: editOf(base, op, op === 'edit' ? changes : {}), remote };
}

function rowOf(mark: number, fields: Fields): ServerRow {
  return {
    ref,
    rowId: 100 + mark,
    mark,
    type: 7,
    media: 'm',
    deleted: false,
    fields,
    createdBy: 1,
    modifiedBy: mark === 0 ? 1 : 2,
    modifiedAt: `2026-01-01T00:00:0${mark}.000Z`,
  };
}

function editOf(base: ServerRow, op: Edit['op'], changes: Fields): Edit {
  return {
    key: entityKey(ref),
    ref,
    projectId: 1,
    type: 7,
    media: 'm',
    op,
    base,
    changes,
    revision: 1,
    maybeSent: false,
    status: { kind: 'pending' },
    createdAt: 0,
    updatedAt: 0,
  };
}

/** One to three fields set to other values. */
function changed(fields: Fields, random: Random): Fields {
  const changes: Fields = {};
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
    const field = pickFrom(fieldNames, random);
    const value = pickFrom(pools[field], random);
    if (!sameValue(value, fields[field])) changes[field] = value;
  }
  return changes;
}

function pickFrom<T>(items: readonly T[] | undefined, random: Random): T {
  return (items ?? [])[Math.floor(random() * (items?.length ?? 1))] as T;
}

export function stateOf({ base, edit }: Pick<MergeCase, 'base' | 'edit'>): EntityState {
  return { row: base, edit, attempt: null, conflicts: [] };
}

/** What the user sees: the server's row under his edit; null where it is deleted for him. */
export function viewOf({ row, edit }: EntityState): Fields | null {
  if (edit?.op === 'delete') return null;
  if (edit !== null) return { ...(edit.base?.fields ?? {}), ...edit.changes };
  return row === null || row.deleted ? null : row.fields;
}

/** Whether others came, on the way, to what the user wanted: his wish is granted there, and theirs from then on. */
export function meets({ edit, base, remote }: MergeCase): boolean {
  return remote.slice(0, -1).some((row) =>
    Object.entries(edit.changes).some(([field, mine]) => {
      if (!isSetField(field)) return sameValue(row.fields[field], mine);
      return !sameValue(row.fields[field], base.fields[field]);
    }),
  );
}
