import { sql, type RawBuilder, type Selectable, type SqlBool } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { attributesForCreate, attributesForEdit } from '../attributes.ts';
import { logChanges, logRemovals } from '../change-log.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db, Tx } from '../db/database.ts';
import type { Leaves } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { omit } from '../omit.ts';
import { childPath, parseSuggestion } from '../leaf-paths.ts';
import { requireAll } from '../marks/references.ts';
import { attributeTypesOf } from '../marks/writing.ts';
import { attributeCondition, type AttributeFilters } from '../search/attribute-filters.ts';
import { allOf, type Condition } from '../search/fields.ts';
import { loadScope } from '../search/scopes.ts';
import { searchCondition } from '../search/search-object.ts';
import { orderOf, windowOf } from '../search/sorting.ts';
import { nearestTo, type VectorSearch } from '../search/vectors.ts';

type LeafRow = Selectable<Leaves>;

const MOST_AT_ONCE = 500;

interface LeafQuery extends AttributeFilters {
  type?: number | undefined;
  name?: string | undefined;
  depth?: number | undefined;
  leaf_id?: readonly number[] | undefined;
  start?: number | undefined;
  stop?: number | undefined;
  encoded_search?: unknown;
  sort_by?: readonly string[] | undefined;
}

interface LeafBulk {
  project: number;
  query: LeafQuery & { count?: number | undefined };
  body: LeafBody;
}

interface LeafBody {
  ids?: readonly number[] | undefined;
  object_search?: unknown;
  float_array?: readonly VectorSearch[] | undefined;
}

export function leafRoutes(serve: Serve, { db, clock }: HubDeps): void {
  serve('create_leaf_list', async ({ caller, params, body }) => {
    const specs = Array.isArray(body) ? body : [body];
    if (specs.length === 0) throw badRequest('The list is empty.');
    if (specs.length > MOST_AT_ONCE) throw badRequest(`At most ${MOST_AT_ONCE} can be created at once.`);
    const ids = await db.transaction().execute(async (tx) => {
      const { project } = await requireProject(tx, caller, params.project, level.full);
      const types = await requireAll(
        tx,
        'leaf',
        project.id,
        specs.map((spec) => spec.type),
      );
      const made: LeafRow[] = [];
      for (const spec of specs) {
        const parent =
          spec.parent === undefined || spec.parent === null
            ? undefined
            : await parentOf(tx, project.id, spec.parent);
        const row = await tx
          .insertInto('leaves')
          .values({
            project: project.id,
            type: spec.type,
            name: spec.name,
            parent: parent?.id ?? null,
            path: childPath(parent?.path ?? childPath(undefined, project.name), spec.name),
            attributes: JSON.stringify(
              attributesForCreate(types.get(spec.type) ?? [], spec.attributes, { now: clock.now() }),
            ),
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        made.push(row);
      }
      await logChanges(
        tx,
        { kind: 'leaf', project: project.id, user: caller.id, now: clock.now() },
        made.map((row) => ({ id: row.id, after: { ...row } })),
      );
      return made.map(({ id }) => id);
    });
    return created({ message: `Successfully created ${ids.length} leaves!`, id: ids });
  });

  serve('get_leaf_list', async ({ caller, params, query }) => ok(await list(caller, params.project, query)));
  serve('get_leaf_list_by_id', async ({ caller, params, query, body }) =>
    ok(await list(caller, params.project, query, body)),
  );
  serve('get_leaf_count', async ({ caller, params, query }) =>
    ok((await list(caller, params.project, query)).length),
  );
  serve('get_leaf_count_by_id', async ({ caller, params, query, body }) =>
    ok((await list(caller, params.project, query, body)).length),
  );

  serve('update_leaf_list', async ({ caller, params, query, body }) => {
    const changed = await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, params.project, level.full);
      const rows = await chosenLeaves(tx, { project: params.project, query, body });
      const [type, ...more] = new Set(rows.map((row) => row.type));
      if (more.length > 0) throw badRequest('All selected leaves must have the same type.');
      if (type === undefined) return 0;
      const given = attributesForEdit(await attributeTypesOf(tx, type), body);
      const changes = JSON.stringify(given);
      if (changes === '{}') throw badRequest('Nothing to change was given.');
      await sql`UPDATE leaves SET attributes = attributes || ${changes}::jsonb
        WHERE id = ANY(${rows.map(({ id }) => id)}::int[])`.execute(tx);
      await logChanges(
        tx,
        { kind: 'leaf', project: params.project, user: caller.id, now: clock.now() },
        rows.map((row) => ({
          id: row.id,
          before: { attributes: row.attributes },
          after: { attributes: { ...row.attributes, ...given } },
        })),
      );
      return rows.length;
    });
    return ok({ message: `Successfully updated ${changed} leaves!` });
  });

  serve('delete_leaf_list', async ({ caller, params, query, body = {} }) => {
    const deleted = await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, params.project, level.full);
      const rows = await chosenLeaves(tx, { project: params.project, query, body });
      const ids = rows.map(({ id }) => id);
      await sql`UPDATE leaves SET deleted = true WHERE id = ANY(${ids}::int[])`.execute(tx);
      const context = { project: params.project, user: caller.id, now: clock.now() };
      await logRemovals(tx, { kind: 'leaf', ...context }, ids);
      return rows.length;
    });
    return ok({ message: `Successfully deleted ${deleted} leaves!` });
  });

  serve('get_leaf', async ({ caller, params }) => ok(leafJson(await find(caller, params.id, level.view))));

  serve('update_leaf', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, level.full);
    const attributes = attributesForEdit(await attributeTypesOf(db, row.type), body);
    const name = body.name ?? row.name;
    await db.transaction().execute(async (tx) => {
      await tx
        .updateTable('leaves')
        .set({ name, attributes: JSON.stringify({ ...row.attributes, ...attributes }) })
        .where('id', '=', row.id)
        .execute();
      const parent = newParent(body);
      if (parent !== undefined) await moveLeaf(tx, { ...row, name }, parent);
      const after = {
        ...row,
        name,
        attributes: { ...row.attributes, ...attributes },
        ...(parent === undefined ? {} : { parent }),
      };
      const context = { kind: 'leaf', project: row.project, user: caller.id, now: clock.now() } as const;
      await logChanges(tx, context, [{ id: row.id, before: { ...row }, after }]);
    });
    return ok({
      message: `Leaf ${row.id} successfully updated!`,
      object: leafJson(await find(caller, row.id, level.full)),
    });
  });

  serve('delete_leaf', async ({ caller, params }) => {
    const row = await find(caller, params.id, level.full);
    const rows = await db.transaction().execute(async (tx) => {
      const { rows: removed } = await sql<{ id: number }>`
        WITH RECURSIVE tree AS (
          SELECT id FROM leaves WHERE id = ${row.id}
          UNION SELECT leaves.id FROM leaves JOIN tree ON leaves.parent = tree.id)
        UPDATE leaves SET deleted = true WHERE id IN (SELECT id FROM tree) AND NOT deleted
        RETURNING id`.execute(tx);
      const context = { kind: 'leaf', project: row.project, user: caller.id, now: clock.now() } as const;
      await logRemovals(
        tx,
        context,
        removed.map(({ id }) => id),
      );
      return removed;
    });
    return ok({ message: `Leaf ${row.id} and ${rows.length - 1} descendants successfully deleted!` });
  });

  serve('leaf_suggestion', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.view);
    const pattern = parseSuggestion(query.query);
    const ancestor = await db
      .selectFrom('leaves')
      .selectAll()
      .where('project', '=', params.project)
      .where('deleted', '=', false)
      .where(sql<SqlBool>`lower(path) = lower(${params.ancestor})`)
      .executeTakeFirst();
    if (!ancestor) return ok([]);
    const { rows } = await sql<{
      name: string;
      parent: string | null;
      parent_alias: string | null;
      alias: string | null;
    }>`
      SELECT leaf.name, parent.name AS parent, parent.attributes ->> 'alias' AS parent_alias,
        leaf.attributes ->> 'alias' AS alias
      FROM leaves AS leaf LEFT JOIN leaves AS parent ON parent.id = leaf.parent
      WHERE leaf.project = ${params.project} AND leaf.type = ${ancestor.type} AND NOT leaf.deleted
        AND starts_with(lower(leaf.path), lower(${ancestor.path}))
        AND array_length(string_to_array(leaf.path, '.'), 1) >= ${query.min_level ?? 1}
        AND (leaf.name ILIKE ${pattern} OR (leaf.attributes ->> 'alias') ILIKE ${pattern})
      ORDER BY leaf.name, leaf.id`.execute(db);
    const found = rows.map((row) => ({
      value: row.name,
      group: (row.parent ?? params.ancestor) + (row.parent_alias ? ` (${row.parent_alias})` : ''),
      ...(row.alias === null ? {} : { data: { alias: row.alias } }),
    }));
    return ok(found.sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0)));
  });

  async function find(caller: Caller, id: number, need: Level): Promise<LeafRow> {
    const row = await db
      .selectFrom('leaves')
      .selectAll()
      .where('id', '=', id)
      .where('deleted', '=', false)
      .executeTakeFirst();
    if (!row) throw notFound(`There is no leaf ${id}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }

  async function list(caller: Caller, project: number, query: LeafQuery, body: LeafBody = {}) {
    await requireProject(db, caller, project, level.view);
    return (await (await listedLeaves(db, project, query, body)).execute()).map(leafJson);
  }
}

/** The selected rows, locked. @throws HubError 400 when they are not as many as `count` says. */
async function chosenLeaves(tx: Tx, { project, query, body }: LeafBulk): Promise<LeafRow[]> {
  const rows = await (await listedLeaves(tx, project, query, body)).forUpdate().execute();
  if (query.count !== undefined && query.count !== rows.length)
    throw badRequest(`Safety check failed: ${rows.length} leaves match, ${query.count} were expected.`);
  return rows;
}

async function listedLeaves(db: Db | Tx, project: number, query: LeafQuery, body: LeafBody) {
  const { condition, order } = await selectLeaves(db, project, query, body);
  const { offset, limit } = windowOf(query.start, query.stop);
  let rows = db.selectFrom('leaves as row').selectAll('row').where(condition);
  for (const key of order) rows = rows.orderBy(key as RawBuilder<SqlBool>);
  if (offset > 0) rows = rows.offset(offset);
  return limit === undefined ? rows : rows.limit(limit);
}

async function selectLeaves(db: Db | Tx, project: number, query: LeafQuery, body: LeafBody) {
  const scope = await loadScope(db, project, 'leaf', { alias: 'row', type: query.type });
  const conditions: Condition[] = [sql<SqlBool>`row.project = ${project}`, sql<SqlBool>`NOT row.deleted`];
  if (query.type !== undefined) conditions.push(sql<SqlBool>`row.type = ${query.type}`);
  if (query.name !== undefined) conditions.push(sql<SqlBool>`row.name = ${query.name}`);
  if (query.depth !== undefined)
    conditions.push(sql<SqlBool>`array_length(string_to_array(row.path, '.'), 1) = ${query.depth}`);
  if (query.leaf_id) conditions.push(sql<SqlBool>`row.id = ANY(${[...query.leaf_id]}::int[])`);
  if (body.ids) conditions.push(sql<SqlBool>`row.id = ANY(${[...body.ids]}::int[])`);
  const attributes = attributeCondition(scope, query);
  if (attributes) conditions.push(attributes);
  for (const search of [query.encoded_search, body.object_search]) {
    if (search !== undefined) conditions.push(searchCondition(scope, {}, search));
  }
  const nearest = body.float_array && nearestTo(scope, query.type, body.float_array);
  conditions.push(...(nearest?.conditions ?? []));
  return {
    condition: allOf(conditions),
    order: nearest?.order ?? orderOf(scope, query.sort_by ?? [], ['id']),
  };
}

/** `parent` is not declared by the contract, and honoured: an id, or null or -1 for a root. */
function newParent(body: object): number | null | undefined {
  const parent: unknown = 'parent' in body ? body.parent : undefined;
  if (parent === undefined) return undefined;
  if (parent === null || parent === -1) return null;
  if (typeof parent !== 'number' || !Number.isInteger(parent))
    throw badRequest('The parent of a leaf is an id, or null.');
  return parent;
}

/** Hangs a leaf with all that is below it under another one. @throws HubError 400 for one below itself. */
async function moveLeaf(tx: Tx, leaf: LeafRow, to: number | null): Promise<void> {
  // The lock keeps two moves from making a ring together.
  const { rows: projects } = await sql<{ name: string }>`
    SELECT name FROM projects WHERE id = ${leaf.project} FOR UPDATE`.execute(tx);
  const parent = to === null ? undefined : await parentOf(tx, leaf.project, to);
  const { rows } = await sql<{ id: number }>`
    WITH RECURSIVE tree AS (
      SELECT id FROM leaves WHERE id = ${leaf.id}
      UNION SELECT leaves.id FROM leaves JOIN tree ON leaves.parent = tree.id)
    SELECT id FROM tree`.execute(tx);
  const ids = rows.map(({ id }) => id);
  if (parent && ids.includes(parent.id)) throw badRequest('A leaf cannot be below itself.');
  const path = childPath(parent?.path ?? childPath(undefined, projects[0]?.name ?? ''), leaf.name);
  await sql`UPDATE leaves SET parent = ${to} WHERE id = ${leaf.id}`.execute(tx);
  await sql`UPDATE leaves SET path = ${path}::text || substr(path, char_length(${leaf.path}::text) + 1)
    WHERE id = ANY(${ids}::int[])`.execute(tx);
}

async function parentOf(tx: Tx, project: number, id: number): Promise<{ id: number; path: string }> {
  const row = await tx
    .selectFrom('leaves')
    .select(['id', 'path'])
    .where('id', '=', id)
    .where('project', '=', project)
    .where('deleted', '=', false)
    .executeTakeFirst();
  if (!row) throw badRequest(`There is no leaf ${id} in this project.`);
  return row;
}

function leafJson(row: LeafRow): Record<string, unknown> {
  return omit(row, ['deleted']);
}
