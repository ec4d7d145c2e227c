import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { notFound } from '../errors.ts';
import { allOf, anyOf, type Condition } from './fields.ts';
import { relatedConditions, type RelatedFilters } from './related-filters.ts';
import { loadScope } from './scopes.ts';
import { searchCondition, type Specials } from './search-object.ts';

/**
 * A subquery with the ids of the media in any of the sections: of a folder those whose primary section
 * it is (not its subfolders), of a playlist those listed, of a saved search those that match.
 * @throws HubError 404 for a section that the project does not have.
 */
export async function mediaOfSection(
  db: Db | Tx,
  project: number,
  ids: readonly number[],
): Promise<RawBuilder<unknown>> {
  const condition = await sectionCondition(db, project, ids);
  return sql`SELECT row.id FROM media AS row WHERE row.project = ${project} AND NOT row.deleted AND ${condition}`;
}

/** The same as a condition on a media table named `row`. */
export async function sectionCondition(
  db: Db | Tx,
  project: number,
  ids: readonly number[],
): Promise<Condition> {
  const sections = await db
    .selectFrom('sections')
    .selectAll()
    .where('project', '=', project)
    .where('id', 'in', [...ids])
    .execute();
  const missing = ids.find((id) => !sections.some((section) => section.id === id));
  if (missing !== undefined) throw notFound(`There is no section ${missing} in this project.`);
  const scope = await loadScope(db, project, 'media', { alias: 'row' });
  const specials = await mediaSpecials(db, project);
  return anyOf(
    sections.map((section) => {
      if (section.dtype === 'folder') return sql<SqlBool>`row.primary_section = ${section.id}`;
      if (section.dtype === 'playlist') return sql<SqlBool>`row.id = ANY(${section.media}::int[])`;
      if (section.object_search) return searchCondition(scope, specials, section.object_search);
      if (section.related_search) {
        const search = section.related_search;
        return anyOf(Object.values(specials).map((special) => special(search)));
      }
      return sql<SqlBool>`true`;
    }),
  );
}

/** Nested searches on media: annotations of it, visible current ones only. */
export async function mediaSpecials(db: Db | Tx, project: number): Promise<Specials> {
  const { localizations, states } = await annotationScopes(db, project);
  return {
    $related_localizations: (nested) => hasLocalization(searchCondition(localizations, {}, nested)),
    $related_states: (nested) => hasState(searchCondition(states, {}, nested)),
  };
}

/** `related_attribute*` on media: any annotation of it passes. */
export async function mediaWithRelated(
  db: Db | Tx,
  project: number,
  filters: RelatedFilters,
): Promise<Condition | undefined> {
  const { localizations, states } = await annotationScopes(db, project);
  const [onLocalization, onState] = relatedConditions([localizations, states], filters) ?? [];
  if (!onLocalization || !onState) return undefined;
  return anyOf([hasLocalization(onLocalization), hasState(onState)]);
}

async function annotationScopes(db: Db | Tx, project: number) {
  return {
    localizations: await loadScope(db, project, 'localization', { alias: 'other' }),
    states: await loadScope(db, project, 'state', { alias: 'other' }),
  };
}

const visible = sql<SqlBool>`NOT other.deleted AND NOT other.variant_deleted AND other.mark = other.latest_mark`;

function hasLocalization(condition: Condition): Condition {
  return sql<SqlBool>`EXISTS (SELECT 1 FROM localizations AS other
    WHERE ${allOf([sql<SqlBool>`other.media = row.id`, visible, condition])})`;
}

function hasState(condition: Condition): Condition {
  return sql<SqlBool>`EXISTS (SELECT 1 FROM states AS other
    WHERE ${allOf([sql<SqlBool>`row.id = ANY(other.media)`, visible, condition])})`;
}
