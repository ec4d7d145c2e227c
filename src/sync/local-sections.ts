import type { Fields } from '../domain/fields.ts';
import type { SyncDeps } from './deps.ts';
import { projectHome } from '../domain/identity.ts';
import { park } from './settle.ts';
import { mediaRef, type Edit, type EntityState, type Revision } from './ports.ts';

/*
 * A media can lie in a section that no server has yet; `section_id` is the section's key then. It is not
 * sent (the media is), and becomes the row id as soon as there is one.
 */

/** Names the sections of the user's work on medias by their row ids, where they have one by now; whether any had. */
export async function nameSections(
  { storage, clock }: SyncDeps,
  projectId: number,
  edits: readonly Edit[],
): Promise<boolean> {
  const named = edits.filter(({ changes }) => typeof changes.section_id === 'string');
  if (named.length === 0) return false;
  const sections = await storage.catalogRows(projectId, 'section');
  const idOf = new Map(sections.map(({ ref, rowId }) => [ref.elementalId, rowId]));
  const awaited = new Set(
    (await storage.outboxAt(projectHome(projectId))).flatMap(({ edit }) =>
      edit?.op === 'create' && edit.ref.kind === 'section' ? [edit.ref.elementalId] : [],
    ),
  );
  const now = clock.now();
  const places = named.map(({ media }) => ({ ref: mediaRef(media), media }));
  await storage.revise(places, (states) =>
    states.map((state) =>
      isOrphan(state, { idOf, awaited }) ? orphaned(state, now) : withRowId(state, idOf),
    ),
  );
  return true;
}

/** The section was given up before any server had it. Of a new media that is no reason to keep it from the server. */
function isOrphan(
  { edit }: EntityState,
  { idOf, awaited }: { idOf: ReadonlyMap<string, number>; awaited: ReadonlySet<string> },
): boolean {
  const key = edit?.op === 'edit' ? edit.changes.section_id : null;
  return typeof key === 'string' && !idOf.has(key) && !awaited.has(key);
}

function orphaned(state: EntityState, now: number): Revision {
  const reason = 'The section that it was moved to is gone. Move it to another one, or give the move up.';
  return state.edit === null ? {} : park(state, { reason, revision: state.edit.revision, now });
}

function withRowId({ edit }: EntityState, idOf: ReadonlyMap<string, number>): Revision {
  const key = edit?.changes.section_id;
  const id = typeof key === 'string' ? idOf.get(key) : undefined;
  return edit === null || id === undefined
    ? {}
    : { edit: { ...edit, changes: { ...edit.changes, section_id: id } } };
}

/** What of the fields can be sent now. */
export function withoutLocalSection(fields: Fields): Fields {
  const { section_id: section, ...rest } = fields;
  return typeof section === 'string' ? rest : fields;
}
