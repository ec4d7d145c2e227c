import { groupBy } from '../base/group.ts';
import type { ProjectRecord, TidemarkDatabase } from './schema.ts';
import type { HiddenProject } from './types.ts';

/** Whether the server does not list it at present. */
export function isHidden({ hiddenSince }: ProjectRecord): boolean {
  return hiddenSince !== undefined;
}

/** What is kept of projects that the user may not see at present, with the work that waits in them. */
export async function hiddenProjects(db: TidemarkDatabase): Promise<HiddenProject[]> {
  const [projects, edits] = await Promise.all([db.projects.toArray(), projectsOfEdits(db)]);
  const unsyncedOf = groupBy(edits, (id) => id);
  const known = new Set(projects.map(({ id }) => id));
  // Before the first contact nobody knows a project's name; then it is no news that it is not listed.
  const nameless = known.size === 0 ? [] : [...unsyncedOf.keys()].filter((id) => !known.has(id));
  return [
    ...projects
      .filter(isHidden)
      .map(({ id, name, hiddenSince = null }) => ({ id, name, since: hiddenSince })),
    ...nameless.map((id) => ({ id, name: '', since: null })),
  ].map((project) => ({ ...project, unsynced: unsyncedOf.get(project.id)?.length ?? 0 }));
}

/** The project of each piece of unsynced work. */
async function projectsOfEdits(db: TidemarkDatabase): Promise<number[]> {
  const ids: number[] = [];
  await db.edits.orderBy('projectId').eachKey((id) => ids.push(Number(id)));
  return ids;
}
