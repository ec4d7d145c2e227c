import { entityKey, versionOf, type ElementalId } from '../domain/identity.ts';
import { catalogView } from './catalog-view.ts';
import { StorageError } from './errors.ts';
import type { Pages } from './pages.ts';
import type { TidemarkDatabase } from './schema.ts';
import type { CatalogView, Change } from './types.ts';

/*
 * A version with annotations in it and a label with others below it are not taken away, by whatever way (a
 * delete, an undo, giving up what was refused): a server would refuse the one, and take what is below along
 * with the other, which no undo brings back.
 */

interface Scope {
  db: TidemarkDatabase;
  pages: Pages;
}

/** Throws `StorageError` where the changes take away what is in use. Inside a transaction. */
export async function refuseLosing(
  { db, pages }: Scope,
  projectId: number,
  changes: readonly Change[],
): Promise<void> {
  const gone = changes.flatMap(({ kind, ref }) => (kind === 'delete' ? [ref] : []));
  const keysOf = (kind: 'version' | 'leaf'): Set<ElementalId> =>
    new Set(gone.flatMap((ref) => (ref.kind === kind ? [ref.elementalId] : [])));
  const [versions, leaves] = [keysOf('version'), keysOf('leaf')];
  if (versions.size + leaves.size === 0) return;
  const view = await catalogView(db, projectId);
  if (view === null) return;
  if (view.leaves.some(({ key, parent }) => parent !== null && leaves.has(parent) && !leaves.has(key)))
    throw new StorageError('leaf-in-use');
  const wanted = new Set(view.versions.flatMap((one) => (versions.has(one.key) ? [versionOf(one)] : [])));
  if ((await usedVersions({ db, pages }, wanted)).size > 0) throw new StorageError('version-in-use');
}

/** Keys of the versions of a project in which annotations can be seen on this device. */
export async function versionsInUse(
  { db, pages }: Scope,
  view: Pick<CatalogView, 'versions'>,
): Promise<Set<ElementalId>> {
  const used = await usedVersions({ db, pages }, new Set(view.versions.map(versionOf)));
  return new Set(view.versions.flatMap((one) => (used.has(versionOf(one)) ? [one.key] : [])));
}

async function usedVersions({ db, pages }: Scope, wanted: ReadonlySet<number>): Promise<Set<number>> {
  const edits = await db.edits
    .filter(({ ref }) => wanted.has(ref.version) && isAnnotation(ref.kind))
    .toArray();
  const used = new Set(edits.flatMap(({ op, ref }) => (op === 'delete' ? [] : [ref.version])));
  const deleted = new Set(edits.flatMap(({ op, key }) => (op === 'delete' ? [key] : [])));
  const heads = await db.pageHeads.filter(({ version }) => wanted.has(version)).toArray();
  for (const head of heads) {
    if (used.has(head.version) || !isAnnotation(head.kind)) continue;
    const rows = await pages.ofHead(head);
    if (rows.some((row) => !row.deleted && !deleted.has(entityKey(row.ref)))) used.add(head.version);
  }
  return used;
}

function isAnnotation(kind: string): boolean {
  return kind === 'localization' || kind === 'state';
}
