import type { Project } from '../../domain/entity-types.ts';
import type { HiddenProject } from '../../store/types.ts';
import type { Route } from './route.ts';

/**
 * The project that is shown. An editor that was open when its project was hidden stays open: its edits
 * are kept and wait. Everywhere else a hidden project is not shown.
 */
export function shownProject(
  route: Route,
  chosen: number | null,
  {
    projects,
    hidden,
    last,
  }: { projects: readonly Project[]; hidden: readonly HiddenProject[]; last: Project | null },
): Project | null {
  const edited = route.view === 'editor' ? hidden.find(({ id }) => id === route.projectId) : undefined;
  if (edited !== undefined) return { id: edited.id, name: edited.name, summary: '', permission: '' };
  // On its way from one list to the other it is in neither for a moment: what is open must not be closed by that.
  const isNowhere = route.view === 'editor' && !projects.some(({ id }) => id === route.projectId);
  if (isNowhere && last?.id === route.projectId) return last;
  return projects.find(({ id }) => id === chosen) ?? projects[0] ?? null;
}
