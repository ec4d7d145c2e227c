import type { LocalMedia } from '../../contract/host-rpc.ts';
import type { ProjectCatalog } from '../../domain/entity-types.ts';
import type { MediaItem } from '../../store/types.ts';
import type { OpenMedia } from './editor-session.svelte.ts';

/** What the editor needs of a media; null while nothing that can be shown is known. */
export function openMediaOf(
  item: MediaItem | null,
  local: LocalMedia | undefined,
  catalog: ProjectCatalog | null,
): OpenMedia | null {
  const probe = local?.probe ?? null;
  if (probe !== null && local !== undefined) {
    const { key, projectId, name } = local;
    const { kind, width, height } = probe;
    const type = item?.type ?? catalog?.mediaTypes.find(({ dtype }) => dtype === kind)?.id ?? null;
    return {
      key,
      projectId,
      serverId: item?.serverId ?? null,
      name: item?.name ?? name,
      kind,
      width,
      height,
      type,
    };
  }
  if (item === null) return null;
  const { key, projectId, serverId, name, kind, width, height, type } = item;
  return { key, projectId, serverId, name, kind, width, height, type };
}
