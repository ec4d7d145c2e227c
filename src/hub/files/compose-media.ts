import type { Tx } from '../db/database.ts';
import { badRequest } from '../errors.ts';
import { requireAll } from '../marks/references.ts';
import type { MediaRow } from './media-row.ts';

/** The members of an edit that make a media of others, or of live streams. */
export interface Composition {
  multi?: {
    ids?: readonly number[] | undefined;
    layout?: readonly number[] | undefined;
    frameOffset?: readonly number[] | undefined;
    quality?: number | undefined;
  };
  concat?: readonly { id?: number | undefined; timestampOffset?: number | undefined }[];
  live?: { streams: readonly object[]; layout: readonly number[] };
}

type Files = Record<string, unknown>;

/** Files that a media of its own has; thumbnails may stand beside parts. */
const ownRoles = ['streaming', 'archival', 'audio', 'image'];
const partRoles = { multi: 'ids', concat: 'concat', live: 'live' } as const;
type Kind = keyof typeof partRoles;

/**
 * The files of a media with its parts; undefined when the edit names none.
 * @throws HubError 400 for a media with files of its own or with parts of another kind, and for parts
 *   that the project does not have.
 */
export async function composeFiles(tx: Tx, row: MediaRow, edit: Composition): Promise<Files | undefined> {
  const kinds = (['multi', 'concat', 'live'] as const).filter((name) => edit[name] !== undefined);
  const [kind, ...more] = kinds;
  if (kind === undefined) return undefined;
  if (more.length > 0) throw badRequest('A media is one of multi, concat and live.');
  const files = row.media_files ?? {};
  refuseOthers(files, kind);
  const ids = partsOf(edit);
  if (ids.includes(row.id)) throw badRequest('A media cannot be a part of itself.');
  await requireAll(tx, 'media object', row.project, ids);
  return { ...files, ...membersOf(edit) };
}

function refuseOthers(files: Files, kind: Kind): void {
  const others = Object.values(partRoles).filter((role) => role !== partRoles[kind]);
  const held = [...ownRoles, ...others].find((role) => {
    const list = files[role];
    return Array.isArray(list) && list.length > 0;
  });
  if (held !== undefined) throw badRequest(`The media has "${held}" already and cannot be made a ${kind}.`);
}

function partsOf({ multi, concat = [] }: Composition): number[] {
  const clips = concat.map(({ id }) => {
    if (id === undefined) throw badRequest('Each clip of "concat" needs an id.');
    return id;
  });
  return [...(multi?.ids ?? []), ...clips];
}

/** As `media_files` holds them: those of `multi` lie flat, and its empty ones are left as they are. */
function membersOf({ multi, concat, live }: Composition): Files {
  if (concat) return { concat };
  if (live) return { live: live.streams, layout: live.layout };
  const given = Object.entries(multi ?? {}).filter(([name, value]) => {
    const known = ['ids', 'layout', 'frameOffset', 'quality'].includes(name);
    return known && (Array.isArray(value) ? value.length > 0 : Boolean(value));
  });
  return Object.fromEntries(given);
}

/** Whether the files of a media are other media, or live streams. */
export function hasParts(files: Files | null): boolean {
  return Object.values(partRoles).some((role) => {
    const list = files?.[role];
    return Array.isArray(list) && list.length > 0;
  });
}
