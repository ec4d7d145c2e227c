import type { LocalMedia } from '../../contract/host-rpc.ts';
import type { ProjectCatalog } from '../../domain/entity-types.ts';
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
  return {
    mediaName: (key) => names.get(key) ?? local.get(key)?.name ?? null,
    typeName: ({ kind }, type) => {
      const types = {
        localization: catalog?.localizationTypes,
        state: catalog?.stateTypes,
        media: catalog?.mediaTypes,
      }[kind];
      return types?.find(({ id }) => id === type)?.name ?? null;
    },
    label: () => null,
    userName: (user) => catalog?.users[user] ?? null,
  };
}
