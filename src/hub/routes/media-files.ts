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

interface FileCall {
  family: Family;
  caller: Caller;
  media: number;
  query: FileQuery;
}

/** The files of a media: lists of entries by role in one JSON value, edited under the media's row lock. */
export function mediaFileRoutes(serve: Serve, deps: HubDeps): void {
  const files = new FileService(deps);

  serve('get_video_file_list', ({ caller, params, query }) =>
    files.list({ family: 'video', caller, media: params.id, query }),
  );
  serve('get_image_file_list', ({ caller, params, query }) =>
    files.list({ family: 'image', caller, media: params.id, query }),
  );
  serve('get_audio_file_list', ({ caller, params, query }) =>
    files.list({ family: 'audio', caller, media: params.id, query }),
  );
  serve('get_auxiliary_file_list', ({ caller, params, query }) =>
    files.list({ family: 'auxiliary', caller, media: params.id, query }),
  );

  serve('create_video_file', ({ caller, params, query, body }) =>
    files.add({ family: 'video', caller, media: params.id, query }, body),
  );
  serve('create_image_file', ({ caller, params, query, body }) =>
    files.add({ family: 'image', caller, media: params.id, query }, body),
  );
  serve('create_audio_file', ({ caller, params, query, body }) =>
    files.add({ family: 'audio', caller, media: params.id, query }, body),
  );
  serve('create_auxiliary_file', ({ caller, params, query, body }) =>
    files.add({ family: 'auxiliary', caller, media: params.id, query }, body),
  );

  serve('get_video_file', ({ caller, params, query }) =>
    files.read({ family: 'video', caller, media: params.id, query }),
  );
  serve('get_image_file', ({ caller, params, query }) =>
    files.read({ family: 'image', caller, media: params.id, query }),
  );
  serve('get_audio_file', ({ caller, params, query }) =>
    files.read({ family: 'audio', caller, media: params.id, query }),
  );
  serve('get_auxiliary_file', ({ caller, params, query }) =>
    files.read({ family: 'auxiliary', caller, media: params.id, query }),
  );

  serve('update_video_file', ({ caller, params, query, body }) =>
    files.replace({ family: 'video', caller, media: params.id, query }, body),
  );
  serve('update_image_file', ({ caller, params, query, body }) =>
    files.replace({ family: 'image', caller, media: params.id, query }, body),
  );
  serve('update_audio_file', ({ caller, params, query, body }) =>
    files.replace({ family: 'audio', caller, media: params.id, query }, body),
  );
  serve('update_auxiliary_file', ({ caller, params, query, body }) =>
    files.replace({ family: 'auxiliary', caller, media: params.id, query }, body),
  );

  serve('delete_video_file', ({ caller, params, query }) =>
    files.remove({ family: 'video', caller, media: params.id, query }),
  );
  serve('delete_image_file', ({ caller, params, query }) =>
    files.remove({ family: 'image', caller, media: params.id, query }),
  );
  serve('delete_audio_file', ({ caller, params, query }) =>
    files.remove({ family: 'audio', caller, media: params.id, query }),
  );
  serve('delete_auxiliary_file', ({ caller, params, query }) =>
    files.remove({ family: 'auxiliary', caller, media: params.id, query }),
  );
}

class FileService {
  readonly #deps: HubDeps;

  constructor(deps: HubDeps) {
    this.#deps = deps;
  }

  async list({ family, caller, media, query }: FileCall): Promise<Answer> {
    const row = await findMedia(this.#deps, caller, media, level.view);
    return ok(entriesOf(row.media_files, roleOf(family, query.role)));
  }

  async read({ family, caller, media, query }: FileCall): Promise<Answer> {
    const row = await findMedia(this.#deps, caller, media, level.view);
    const entry = entriesOf(row.media_files, roleOf(family, query.role))[query.index ?? 0];
    if (!entry) throw notFound(`Media ${media} has no file ${query.index ?? 0} of this role.`);
    return ok(entry);
  }

  async add(call: FileCall, entry: object): Promise<Answer> {
    await this.#edit(call, async (entries, { prefix, role }) => {
      await this.#check(entry, { prefix, role });
      const { index } = call.query;
      if (index !== undefined && index >= entries.length) throw badRequest('index is beyond the list.');
      return entries.toSpliced(index ?? entries.length, 0, { ...entry });
    });
    return created({ message: `Media ${call.media} file created successfully!` });
  }

  async replace(call: FileCall, entry: object): Promise<Answer> {
    await this.#edit(call, async (entries, { prefix, role }) => {
      await this.#check(entry, { prefix, role });
      return entries.with(existing(entries, call.query.index), { ...entry });
    });
    return ok({ message: `Media ${call.media} file updated successfully!` });
  }

  async remove(call: FileCall): Promise<Answer> {
    await this.#edit(call, async (entries) => entries.toSpliced(existing(entries, call.query.index), 1));
    return ok({ message: `Media ${call.media} file deleted successfully!` });
  }

  async #edit(
    { family, caller, media, query }: FileCall,
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
        .set({
          media_files: JSON.stringify({ ...row.media_files, [role]: entries }),
          // As with any edit of a media, so that clients and their copies of its pictures can follow.
          modified_by: caller.id,
          modified_datetime: new Date(this.#deps.clock.now()),
        })
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
