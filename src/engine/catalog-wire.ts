import type {
  Leaf,
  LeafType,
  LocalizationType,
  MediaType,
  Project,
  ProjectCatalog,
  Section,
  StateType,
  Version,
} from '../domain/entity-types.ts';
import { mediaKeyOf } from '../domain/identity.ts';
import type { ServerMedia } from '../sync/ports.ts';
import type { Json } from '../base/json.ts';
import { asId, asList, idOrNull, numberOr, textOr, type Wire } from './wire.ts';
import type { ServerCall } from './server-call.ts';

const leavesAtOnce = 5000;

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
  const [mediaTypes, localizationTypes, stateTypes, leafTypes, versions, sections, memberships, leaves] =
    await Promise.all([
      list('get_media_type_list'),
      list('get_localization_type_list'),
      list('get_state_type_list'),
      list('get_leaf_type_list'),
      list('get_version_list'),
      list('get_section_list'),
      list('get_membership_list'),
      readLeaves(call, project.id),
    ]);
  return {
    project,
    mediaTypes: mediaTypes.map((row) => typeFrom(row) as unknown as MediaType),
    localizationTypes: localizationTypes.map((row) => typeFrom(row) as unknown as LocalizationType),
    stateTypes: stateTypes.map((row) => typeFrom(row) as unknown as StateType),
    leafTypes: leafTypes.map((row) => typeFrom(row) as unknown as LeafType),
    versions: versions.map(versionFrom),
    sections: sections.map(sectionFrom),
    leaves,
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

function idsOf(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((id): id is number => typeof id === 'number') : [];
}

function versionFrom(row: Wire): Version {
  return {
    id: asId(row.id, 'version'),
    project: numberOr(row.project, 0),
    name: textOr(row.name, ''),
    description: textOr(row.description, ''),
    number: numberOr(row.number, 0),
    bases: idsOf(row.bases),
  };
}

function sectionFrom(row: Wire): Section {
  const dtype = row.dtype === 'playlist' || row.dtype === 'saved_search' ? row.dtype : 'folder';
  // A section without a path reads as the word "None" on a Tator server.
  const path = typeof row.path === 'string' && row.path !== 'None' ? row.path : null;
  return {
    id: asId(row.id, 'section'),
    project: numberOr(row.project, 0),
    name: textOr(row.name, ''),
    path,
    dtype,
  };
}

function userFrom(row: Wire): [number, string] {
  const full = [row.first_name, row.last_name]
    .filter((part) => typeof part === 'string' && part !== '')
    .join(' ');
  const id = numberOr(row.user, 0);
  return [id, full || textOr(row.username, `#${id}`)];
}

async function readLeaves(call: ServerCall, projectId: number): Promise<Leaf[]> {
  const leaves: Leaf[] = [];
  for (let start = 0; ; start += leavesAtOnce) {
    const rows = asList(
      await call('get_leaf_list', { project: projectId, start, stop: start + leavesAtOnce }),
      'leaves',
    );
    leaves.push(...rows.map(leafFrom));
    if (rows.length < leavesAtOnce) return leaves;
  }
}

function leafFrom(row: Wire): Leaf {
  const attributes =
    typeof row.attributes === 'object' && row.attributes !== null
      ? (row.attributes as Record<string, Json>)
      : {};
  const type = numberOr(row.type, 0);
  return {
    id: asId(row.id, 'leaf'),
    type,
    name: textOr(row.name, ''),
    parent: idOrNull(row.parent),
    path: textOr(row.path, ''),
    attributes,
  };
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
