import { requireProject, type Caller } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { created, ok, type Answer, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { findMedia, lockMedia } from './media.ts';

type Entry = Record<string, unknown>;

interface FileQuery {
  role?: string | undefined;
  index?: number | undefined;
}

const rolesOf = {
  video: ['streaming', 'archival'],
  image: ['image', 'thumbnail', 'thumbnail_gif'],
  audio: ['audio'],
  auxiliary: ['attachment'],
} as const;

type Family = keyof typeof rolesOf;

/** The files of a media: lists of entries by role in one JSON value, edited under the media's row lock. */
export function mediaFileRoutes(serve: Serve, deps: HubDeps): void {
  const files = new FileService(deps);

  serve('get_video_file_list', ({ caller, params, query }) => files.list('video', caller, params.id, query));
  serve('get_image_file_list', ({ caller, params, query }) => files.list('image', caller, params.id, query));
  serve('get_audio_file_list', ({ caller, params, query }) => files.list('audio', caller, params.id, query));
  serve('get_auxiliary_file_list', ({ caller, params, query }) =>
    files.list('auxiliary', caller, params.id, query),
  );

  serve('create_video_file', ({ caller, params, query, body }) =>
    files.add('video', caller, params.id, query, body),
  );
  serve('create_image_file', ({ caller, params, query, body }) =>
    files.add('image', caller, params.id, query, body),
  );
  serve('create_audio_file', ({ caller, params, query, body }) =>
    files.add('audio', caller, params.id, query, body),
  );
  serve('create_auxiliary_file', ({ caller, params, query, body }) =>
    files.add('auxiliary', caller, params.id, query, body),
  );

  serve('get_video_file', ({ caller, params, query }) => files.read('video', caller, params.id, query));
  serve('get_image_file', ({ caller, params, query }) => files.read('image', caller, params.id, query));
  serve('get_audio_file', ({ caller, params, query }) => files.read('audio', caller, params.id, query));
  serve('get_auxiliary_file', ({ caller, params, query }) =>
    files.read('auxiliary', caller, params.id, query),
  );

  serve('update_video_file', ({ caller, params, query, body }) =>
    files.replace('video', caller, params.id, query, body),
  );
  serve('update_image_file', ({ caller, params, query, body }) =>
    files.replace('image', caller, params.id, query, body),
  );
  serve('update_audio_file', ({ caller, params, query, body }) =>
    files.replace('audio', caller, params.id, query, body),
  );
  serve('update_auxiliary_file', ({ caller, params, query, body }) =>
    files.replace('auxiliary', caller, params.id, query, body),
  );

  serve('delete_video_file', ({ caller, params, query }) => files.remove('video', caller, params.id, query));
  serve('delete_image_file', ({ caller, params, query }) => files.remove('image', caller, params.id, query));
  serve('delete_audio_file', ({ caller, params, query }) => files.remove('audio', caller, params.id, query));
  serve('delete_auxiliary_file', ({ caller, params, query }) =>
    files.remove('auxiliary', caller, params.id, query),
  );
}

class FileService {
  readonly #deps: HubDeps;

  constructor(deps: HubDeps) {
    this.#deps = deps;
  }

  async list(family: Family, caller: Caller, media: number, query: FileQuery): Promise<Answer> {
    const row = await findMedia(this.#deps, caller, media, level.view);
    return ok(entriesOf(row.media_files, roleOf(family, query.role)));
  }

  async read(family: Family, caller: Caller, media: number, query: FileQuery): Promise<Answer> {
    const row = await findMedia(this.#deps, caller, media, level.view);
    const entry = entriesOf(row.media_files, roleOf(family, query.role))[query.index ?? 0];
    if (!entry) throw notFound(`Media ${media} has no file ${query.index ?? 0} of this role.`);
    return ok(entry);
  }

  async add(family: Family, caller: Caller, media: number, query: FileQuery, entry: object): Promise<Answer> {
    await this.#edit(family, caller, media, query, async (entries, { prefix, role }) => {
      await this.#check(entry, { prefix, role });
      if (query.index !== undefined && query.index >= entries.length)
        throw badRequest('index is beyond the list.');
      return entries.toSpliced(query.index ?? entries.length, 0, { ...entry });
    });
    return created({ message: `Media ${media} file created successfully!` });
  }

  async replace(
    family: Family,
    caller: Caller,
    media: number,
    query: FileQuery,
    entry: object,
  ): Promise<Answer> {
    await this.#edit(family, caller, media, query, async (entries, { prefix, role }) => {
      await this.#check(entry, { prefix, role });
      return entries.with(existing(entries, query.index), { ...entry });
    });
    return ok({ message: `Media ${media} file updated successfully!` });
  }

  async remove(family: Family, caller: Caller, media: number, query: FileQuery): Promise<Answer> {
    await this.#edit(family, caller, media, query, async (entries) =>
      entries.toSpliced(existing(entries, query.index), 1),
    );
    return ok({ message: `Media ${media} file deleted successfully!` });
  }

  async #edit(
    family: Family,
    caller: Caller,
    media: number,
    query: FileQuery,
    change: (entries: Entry[], place: { prefix: string; role: string }) => Promise<Entry[]>,
  ): Promise<void> {
    const role = roleOf(family, query.role);
    await this.#deps.db.transaction().execute(async (tx) => {
      const row = await lockMedia(tx, media);
      const { project } = await requireProject(tx, caller, row.project, level.transfer);
      const prefix = `${project.organization ?? 0}/${project.id}/${media}/`;
      const entries = await change(entriesOf(row.media_files, role), { prefix, role });
      await tx
        .updateTable('media')
        .set({ media_files: JSON.stringify({ ...row.media_files, [role]: entries }) })
        .where('id', '=', media)
        .execute();
    });
  }

  /** Unlike the original, a bad entry is refused before anything is stored. */
  async #check(entry: object, { prefix, role }: { prefix: string; role: string }): Promise<void> {
    const { path, segment_info } = entry as { path: string; segment_info?: string };
    if (role === 'streaming' && segment_info === undefined)
      throw badRequest('A streaming file needs segment_info.');
    for (const key of segment_info === undefined ? [path] : [path, segment_info]) {
      if (/^https?:\/\//i.test(key)) continue;
      if (!key.startsWith(prefix)) throw forbidden(`The path must begin with ${prefix}.`);
      if (!(await this.#deps.objects.head(key))) throw badRequest(`There is no object ${key}.`);
    }
  }
}

function roleOf(family: Family, role: string | undefined): string {
  const roles: readonly string[] = rolesOf[family];
  const chosen = role ?? (roles.length === 1 ? roles[0] : undefined);
  if (chosen === undefined || !roles.includes(chosen))
    throw badRequest(`role must be one of ${roles.join(', ')}.`);
  return chosen;
}

function entriesOf(files: Record<string, unknown> | null, role: string): Entry[] {
  const entries = files?.[role];
  return Array.isArray(entries) ? (entries as Entry[]) : [];
}

function existing(entries: readonly Entry[], index: number | undefined): number {
  if (index === undefined) throw badRequest('index is needed.');
  if (index < 0 || index >= entries.length) throw notFound('There is no file with this index.');
  return index;
}
