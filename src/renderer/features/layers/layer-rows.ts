import type { Version } from '../../../domain/entity-types.ts';
import { catalogRef, entityKey, versionOf, type ElementalId } from '../../../domain/identity.ts';
import type { CatalogView, EntitySync } from '../../../store/types.ts';

/** A layer (a version, in Tator's words) as the panel shows it. */
export interface LayerRow {
  version: Version;
  sync: EntitySync;
  /** New annotations go into it. */
  current: boolean;
  shown: boolean;
  /** Why it cannot be deleted; null where it can. */
  kept: 'in-use' | 'last' | null;
  /** Names of the layers that it is based on. */
  bases: string[];
}

/** While nothing is known yet. */
export const nothingUsed: ReadonlySet<ElementalId> = new Set();
export const nothingDirty: CatalogView['sync'] = new Map();

/** In the order of the server's numbers; what no server has yet comes last, oldest first. */
export function inOrder(versions: readonly Version[]): Version[] {
  const rank = ({ id, number }: Version): number => (id === 0 ? Infinity : number);
  return versions.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

/** The layer to annotate in: the chosen one while it is there, else the server's default. */
export function currentLayer(versions: readonly Version[], chosen: ElementalId | null): Version | null {
  const ordered = inOrder(versions);
  return (
    ordered.find(({ key }) => key === chosen) ??
    ordered.find(({ id, number }) => id !== 0 && number >= 0) ??
    ordered[0] ??
    null
  );
}

interface Choice {
  current: ElementalId | null;
  hidden: ReadonlySet<ElementalId>;
  used: ReadonlySet<ElementalId>;
}

export function layerRows(
  { versions, sync }: Pick<CatalogView, 'versions' | 'sync'>,
  { current, hidden, used }: Choice,
): LayerRow[] {
  const names = new Map(versions.map(({ id, name }) => [id, name]));
  return inOrder(versions).map((version) => {
    const { key, bases } = version;
    return {
      version,
      sync: sync.get(entityKey(catalogRef('version', key))) ?? 'synced',
      current: key === current,
      shown: key === current || !hidden.has(key),
      kept: used.has(key) ? 'in-use' : versions.length === 1 ? 'last' : null,
      bases: bases.flatMap((id) => names.get(id) ?? []),
    };
  });
}

/** The numbers under which annotations are not shown. */
export function hiddenNumbers(
  versions: readonly Version[],
  { current, hidden }: Pick<Choice, 'current' | 'hidden'>,
): Set<number> {
  return new Set(
    versions.flatMap((version) =>
      hidden.has(version.key) && version.key !== current ? [versionOf(version)] : [],
    ),
  );
}
