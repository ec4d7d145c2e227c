import type { LocalMedia } from '../../contract/host-rpc.ts';
import { listsOf } from '../../domain/catalog-fields.ts';
import type { EntityType, ProjectCatalog } from '../../domain/entity-types.ts';
import {
  catalogKinds,
  catalogRef,
  entityKey,
  projectHome,
  type EntityKey,
  type EntityRef,
} from '../../domain/identity.ts';
import { labelOf } from '../../domain/label.ts';
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
  const inCatalog = (): ReadonlyMap<EntityKey, string> => (named ??= namesInCatalog(catalog));
  const typeOf = ({ kind }: EntityRef, type: number): EntityType | undefined => {
    if (kind !== 'localization' && kind !== 'state' && kind !== 'media') return undefined;
    const types: readonly EntityType[] | undefined = {
      localization: catalog?.localizationTypes,
      state: catalog?.stateTypes,
      media: catalog?.mediaTypes,
    }[kind];
    return types?.find(({ id }) => id === type);
  };
  return {
    mediaName: (key) => names.get(key) ?? local.get(key)?.name ?? null,
    typeName: (ref, type) => typeOf(ref, type)?.name ?? null,
    label: ({ key, ref, type, fields }) => {
      const entityType = ref.kind === 'media' ? undefined : typeOf(ref, type);
      return entityType === undefined ? (inCatalog().get(key) ?? null) : labelOf(entityType, fields);
    },
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
