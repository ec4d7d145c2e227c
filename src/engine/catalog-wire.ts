import type {
  LeafType,
  LocalizationType,
  MediaType,
  Project,
  ProjectCatalog,
  StateType,
} from '../domain/entity-types.ts';
import { catalogKinds, mediaKeyOf } from '../domain/identity.ts';
import type { ServerMedia } from '../sync/ports.ts';
import type { Json } from '../base/json.ts';
import { readCatalogLists } from './catalog-lists.ts';
import { asId, asList, idOrNull, idsOf, numberOr, textOr, type Wire } from './wire.ts';
import type { ServerCall } from './server-call.ts';

export function projectFrom(row: Wire): Project {
  return {
    id: asId(row.id, 'project'),
    name: textOr(row.name, ''),
    summary: textOr(row.summary, ''),
    permission: textOr(row.permission, ''),
  };
}

/** Everything about a project but its medias and annotations. */
export async function readCatalog(call: ServerCall, project: Project): Promise<ProjectCatalog> {
  const list = async (operation: string): Promise<Wire[]> =>
    asList(await call(operation, { project: project.id }), operation);
  const [mediaTypes, localizationTypes, stateTypes, leafTypes, memberships, lists] = await Promise.all([
    list('get_media_type_list'),
    list('get_localization_type_list'),
    list('get_state_type_list'),
    list('get_leaf_type_list'),
    list('get_membership_list'),
    readCatalogLists(call, project.id, catalogKinds),
  ]);
  const { section = [], version = [], leaf = [], bookmark = [], favorite = [] } = lists;
  return {
    project,
    mediaTypes: mediaTypes.map((row) => typeFrom(row) as unknown as MediaType),
    localizationTypes: localizationTypes.map((row) => typeFrom(row) as unknown as LocalizationType),
    stateTypes: stateTypes.map((row) => typeFrom(row) as unknown as StateType),
    leafTypes: leafTypes.map((row) => typeFrom(row) as unknown as LeafType),
    versions: version,
    sections: section,
    leaves: leaf,
    bookmarks: bookmark,
    favorites: favorite,
    users: Object.fromEntries(memberships.map(userFrom)),
  };
}

/** The definitions keep the server's own form; only their identity and lists are made sure of. */
function typeFrom(row: Wire): Wire {
  const attribute_types = Array.isArray(row.attribute_types) ? row.attribute_types : [];
  const media = idsOf(row.media);
  return {
    ...row,
    id: asId(row.id, 'type'),
    description: textOr(row.description, ''),
    attribute_types,
    media,
  };
}

function userFrom(row: Wire): [number, string] {
  const full = [row.first_name, row.last_name]
    .filter((part) => typeof part === 'string' && part !== '')
    .join(' ');
  const id = numberOr(row.user, 0);
  return [id, full || textOr(row.username, `#${id}`)];
}

export function mediaFrom(row: Wire): ServerMedia {
  const serverId = asId(row.id, 'media');
  const files =
    typeof row.media_files === 'object' && row.media_files !== null ? (row.media_files as Wire) : {};
  const isImage = Array.isArray(files.image) && files.image.length > 0 && !Array.isArray(files.streaming);
  const frameCount = numberOr(row.num_frames, 0);
  return {
    key: mediaKeyOf({ id: serverId, elemental_id: textOr(row.elemental_id, '') || null }),
    serverId,
    projectId: numberOr(row.project, 0),
    type: asId(row.type, 'media type'),
    kind: isImage ? 'image' : 'video',
    name: textOr(row.name, ''),
    sectionId: idOrNull(row.primary_section),
    width: numberOr(row.width, 0),
    height: numberOr(row.height, 0),
    frameCount: isImage ? 1 : frameCount,
    fps: numberOr(row.fps, 0),
    attributes:
      typeof row.attributes === 'object' && row.attributes !== null
        ? (row.attributes as Record<string, Json>)
        : {},
    raw: row as unknown as Json,
  };
}
