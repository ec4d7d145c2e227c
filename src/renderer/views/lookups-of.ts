import type { LocalMedia } from '../../contract/host-rpc.ts';
import { listsOf } from '../../domain/catalog-fields.ts';
import type { ProjectCatalog } from '../../domain/entity-types.ts';
import { catalogKinds, catalogRef, entityKey, projectHome, type EntityKey } from '../../domain/identity.ts';
import type { Lookups } from '../features/sync/lookups.ts';
import type { MediaItem } from '../../store/types.ts';

interface Sources {
  catalog: ProjectCatalog | null;
  items: readonly MediaItem[];
  local: ReadonlyMap<string, LocalMedia>;
}

/** Names for the sync panel, from what this project and device know. */
export function lookupsOf({ catalog, items, local }: Sources): Lookups {
  const names = new Map(items.map(({ key, name }) => [key, name]));
  if (catalog !== null) names.set(projectHome(catalog.project.id), catalog.project.name);
  let named: ReadonlyMap<EntityKey, string> | null = null;
  const labels = (): ReadonlyMap<EntityKey, string> => (named ??= namesInCatalog(catalog));
  return {
    mediaName: (key) => names.get(key) ?? local.get(key)?.name ?? null,
    typeName: ({ kind }, type) => {
      if (kind !== 'localization' && kind !== 'state' && kind !== 'media') return null;
      const types = {
        localization: catalog?.localizationTypes,
        state: catalog?.stateTypes,
        media: catalog?.mediaTypes,
      }[kind];
      return types?.find(({ id }) => id === type)?.name ?? null;
    },
    label: (key) => labels().get(key) ?? null,
    userName: (user) => catalog?.users[user] ?? null,
  };
}

/** What sections, versions, leaves, bookmarks and favorites are called. */
function namesInCatalog(catalog: ProjectCatalog | null): ReadonlyMap<EntityKey, string> {
  if (catalog === null) return new Map();
  const lists = listsOf(catalog);
  return new Map(
    catalogKinds.flatMap((kind) =>
      lists[kind].map(({ key, name }) => [entityKey(catalogRef(kind, key)), name] as const),
    ),
  );
}
