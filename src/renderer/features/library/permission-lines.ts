import type { Project } from '../../../domain/entity-types.ts';
import { permits } from '../../../domain/permission.ts';
import type { HiddenProject } from '../../../store/types.ts';
import { formatInteger, plural, t } from '../../strings/t.ts';

/** What is told of a permission that is not there; one line each. */
export interface PermissionLine {
  id: string;
  text: string;
  /** What is kept, and when it goes on. */
  kept: string;
}

/**
 * Lines about the projects that are hidden, and about the open one where it may only be viewed. `unsynced`:
 * edits of the open project that wait.
 */
export function permissionLines(
  hidden: readonly HiddenProject[],
  open: { project: Project; unsynced: number } | null,
): PermissionLine[] {
  const hiddenLines = hidden.map(({ id, name, unsynced }) => ({
    id: `hidden/${id}`,
    text: t('permission.hidden', { project: name || t('permission.nameless', { id: formatInteger(id) }) }),
    kept: unsynced === 0 ? t('permission.hidden.kept') : plural('permission.hidden.unsynced', unsynced),
  }));
  if (open === null || permits(open.project.permission, 'edit')) return hiddenLines;
  const viewOnly = {
    id: `view/${open.project.id}`,
    text: t('permission.viewOnly', { project: open.project.name }),
    kept:
      open.unsynced === 0
        ? t('permission.viewOnly.kept')
        : plural('permission.viewOnly.unsynced', open.unsynced),
  };
  return [viewOnly, ...hiddenLines];
}
