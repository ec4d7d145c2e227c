import type { Project, ProjectCatalog } from '../domain/entity-types.ts';
import { attributesOf, type Fields } from '../domain/fields.ts';
import type { LocalizationDtype } from '../domain/geometry.ts';
import type { EntityRef } from '../domain/identity.ts';
import {
  stockTraits,
  type Answer,
  type CreateSpec,
  type MarkQuery,
  type MediaSpec,
  type ServerMedia,
  type ServerPort,
  type ServerRow,
  type ServerTraits,
} from '../sync/ports.ts';
import { editMembers, idList, localizationRow, stateRow, type RowContext } from './annotation-wire.ts';
import { mediaFrom, projectFrom, readCatalog } from './catalog-wire.ts';
import { answerOf, garbled } from './failures.ts';
import { MediaKeys } from './media-keys.ts';
import { Members } from './members.ts';
import type { ServerCall } from './server-call.ts';
import {
  asId,
  asList,
  asRecord,
  attributeMembers,
  geometryMembers,
  newAttributes,
  type Wire,
} from './wire.ts';

const read = { write: false };
const write = { write: true };

/** Writes that may take long on a bad link; ms. */
const writeTimeout = 120_000;

/** The server behind the host's RPC, as the engine sees it. */
export class HostServer implements ServerPort {
  readonly #call: ServerCall;
  readonly #mediaKeys: MediaKeys;
  readonly #members: Members;
  readonly #dtypes = new Map<number, LocalizationDtype>();
  readonly #mediaDtypes = new Map<number, string>();

  constructor(call: ServerCall) {
    this.#call = call;
    this.#mediaKeys = new MediaKeys(call);
    this.#members = new Members(call);
  }

  readMarks(query: MarkQuery): Promise<Answer<ServerRow[]>> {
    return answerOf(async () => {
      const { operation, args } = listRequest(query);
      const rows = asList(await this.#call(operation, args), operation);
      return this.#rows(query.projectId, query.kind, rows);
    }, read);
  }

  createAnnotations(projectId: number, specs: CreateSpec[]): Promise<Answer<number[]>> {
    return answerOf(async () => {
      const isState = specs[0]?.ref.kind === 'state';
      const body = isState ? await this.#stateSpecs(projectId, specs) : specs.map(localizationSpec);
      const operation = isState ? 'create_state_list' : 'create_localization_list';
      const reply = asRecord(
        await this.#call(operation, { project: projectId, body }, { timeoutMs: writeTimeout }),
        operation,
      );
      if (!Array.isArray(reply.id)) throw garbled('a create without ids');
      return reply.id.map((id) => asId(id, 'id'));
    }, write);
  }

  patchAnnotation(ref: EntityRef, baseMark: number, changes: Fields): Promise<Answer<ServerRow>> {
    return answerOf(async () => {
      const { kind, version, elementalId } = ref;
      const members = kind === 'state' ? await this.#memberEdits(ref, changes) : {};
      const body = { mark: baseMark, pedantic: 1, ...editMembers(changes), ...members };
      const operation = `update_${kind}_by_elemental_id`;
      const reply = asRecord(
        await this.#call(
          operation,
          { version, elemental_id: elementalId, body },
          { timeoutMs: writeTimeout },
        ),
        operation,
      );
      const row = asRecord(reply.object, 'the changed row');
      // The row that a state's edit answers with names neither its media nor its members.
      const whole =
        kind === 'state' ? asRecord(await this.#call('get_state', { id: asId(row.id, 'id') }), 'state') : row;
      const [parsed] = await this.#rows(
        asId(whole.project ?? row.project ?? 0, 'project'),
        kind === 'state' ? 'state' : 'localization',
        [whole],
      );
      if (parsed === undefined) throw garbled('no row');
      return parsed;
    }, write);
  }

  deleteAnnotation({ kind, version, elementalId }: EntityRef): Promise<Answer<null>> {
    return answerOf(async () => {
      await this.#call(
        `delete_${kind}_by_elemental_id`,
        { version, elemental_id: elementalId },
        { timeoutMs: writeTimeout },
      );
      return null;
    }, write);
  }

  readProjects(): Promise<Answer<Project[]>> {
    return answerOf(
      async () => asList(await this.#call('get_project_list', {}), 'projects').map(projectFrom),
      read,
    );
  }

  readCatalog(project: Project): Promise<Answer<ProjectCatalog>> {
    return answerOf(async () => {
      const catalog = await readCatalog(this.#call, project);
      for (const { id, dtype } of catalog.localizationTypes) this.#dtypes.set(id, dtype);
      for (const { id, dtype } of catalog.mediaTypes) this.#mediaDtypes.set(id, dtype);
      return catalog;
    }, read);
  }

  readMedia({
    projectId,
    after,
    limit,
  }: {
    projectId: number;
    after: number;
    limit: number;
  }): Promise<Answer<ServerMedia[]>> {
    return answerOf(async () => {
      const args = { project: projectId, sort_by: ['$id'], stop: limit, ...(after > 0 ? { after } : {}) };
      return this.#medias(asList(await this.#call('get_media_list', args), 'media list'));
    }, read);
  }

  findMedia(projectId: number, elementalId: string): Promise<Answer<ServerMedia[]>> {
    return answerOf(async () => {
      const args = { project: projectId, elemental_id: elementalId };
      // Older servers may not know the filter and list everything.
      return this.#medias(asList(await this.#call('get_media_list', args), 'media list')).filter(
        ({ key }) => key === elementalId,
      );
    }, read);
  }

  readMediaByIds(projectId: number, serverIds: number[]): Promise<Answer<ServerMedia[]>> {
    return answerOf(async () => {
      const args = { project: projectId, body: { ids: serverIds } };
      return this.#medias(asList(await this.#call('get_media_list_by_id', args), 'media list'));
    }, read);
  }

  patchMedia(serverId: number, changes: Fields): Promise<Answer<null>> {
    return answerOf(async () => {
      const { name, section_id: section } = changes;
      const body = {
        ...(typeof name === 'string' ? { name } : {}),
        ...('section_id' in changes ? { primary_section: typeof section === 'number' ? section : -1 } : {}),
        ...attributeMembers(changes),
      };
      await this.#call('update_media', { id: serverId, body }, { timeoutMs: writeTimeout });
      return null;
    }, write);
  }

  async readTraits(): Promise<Answer<ServerTraits>> {
    return { ok: true, value: stockTraits };
  }

  createMedia(
    projectId: number,
    { elementalId, type, sectionId, fields }: MediaSpec,
  ): Promise<Answer<number>> {
    return answerOf(async () => {
      const plain = Object.fromEntries(
        Object.entries(fields).filter(([field, value]) => !field.includes('.') && value !== null),
      );
      const section = sectionId === null ? {} : { section_id: sectionId };
      const attributes = attributesOf(fields);
      const body = { ...plain, ...section, type, elemental_id: elementalId, attributes };
      const reply = asRecord(
        await this.#call('create_media_list', { project: projectId, body }, { timeoutMs: writeTimeout }),
        'media',
      );
      const id: unknown = Array.isArray(reply.id) ? reply.id[0] : reply.id;
      return asId(id, 'media');
    }, write);
  }

  #medias(rows: Wire[]): ServerMedia[] {
    return rows.map((row) => {
      const media = mediaFrom(row);
      this.#mediaKeys.learn(media.serverId, media.key);
      const isImage = this.#mediaDtypes.get(media.type) === 'image';
      return isImage ? { ...media, kind: 'image', frameCount: 1 } : media;
    });
  }

  async #rows(projectId: number, kind: 'localization' | 'state', rows: Wire[]): Promise<ServerRow[]> {
    const mediaIds = rows.flatMap((row) => (kind === 'state' ? idList(row.media) : asId(row.media, 'media')));
    const memberIds = kind === 'state' ? rows.flatMap((row) => idList(row.localizations)) : [];
    const context: RowContext = {
      keyOf: await this.#mediaKeys.resolve(projectId, mediaIds),
      dtypeOf: (type) => this.#dtypes.get(type),
      memberOf: await this.#members.resolve(projectId, memberIds),
    };
    return rows.map((row) => (kind === 'state' ? stateRow(row, context) : localizationRow(row, context)));
  }

  async #stateSpecs(projectId: number, specs: CreateSpec[]): Promise<Wire[]> {
    const bodies: Wire[] = [];
    for (const { ref, type, mediaIds, fields } of specs) {
      const members = await this.#members.rowIds(projectId, ref.version, memberList(fields));
      bodies.push({
        type,
        media_ids: mediaIds,
        version: ref.version,
        elemental_id: ref.elementalId,
        attributes: newAttributes(fields),
        ...(typeof fields.frame === 'number' ? { frame: fields.frame } : {}),
        ...(members.length > 0 ? { localization_ids: members } : {}),
      });
    }
    return bodies;
  }

  /** Which rows join and which leave a state, so that its members are those of the changes. */
  async #memberEdits({ version, elementalId }: EntityRef, changes: Fields): Promise<Wire> {
    if (!('localizations' in changes)) return {};
    const state = asRecord(
      await this.#call('get_state_by_elemental_id', { version, elemental_id: elementalId }),
      'state',
    );
    const present = idList(state.localizations);
    const wanted = await this.#members.rowIds(
      asId(state.project ?? 0, 'project'),
      version,
      memberList(changes),
    );
    const add = wanted.filter((id) => !present.includes(id));
    const remove = present.filter((id) => !wanted.includes(id));
    return {
      ...(add.length > 0 ? { localization_ids_add: add } : {}),
      ...(remove.length > 0 ? { localization_ids_remove: remove } : {}),
    };
  }
}

function memberList({ localizations }: Fields): string[] {
  return Array.isArray(localizations) ? localizations.filter((id) => typeof id === 'string') : [];
}

function listRequest(query: MarkQuery): { operation: string; args: Record<string, unknown> } {
  const { kind, projectId, after, modifiedSince, mediaIds, elementalIds, version, allMarks, limit } = query;
  const args = {
    project: projectId,
    show_deleted: 1,
    show_all_marks: allMarks ? 1 : 0,
    merge: 0,
    stop: limit,
    ...(after === undefined || after === 0 ? {} : { after }),
    ...(version === undefined ? {} : { version: [version] }),
    ...(mediaIds === undefined ? {} : { media_id: mediaIds }),
    ...(modifiedSince === undefined ? {} : { attribute_gte: [`$modified_datetime::${modifiedSince}`] }),
  };
  if (elementalIds === undefined) return { operation: `get_${kind}_list`, args };
  return { operation: `get_${kind}_list_by_id`, args: { ...args, body: { elemental_ids: elementalIds } } };
}

function localizationSpec({ ref, type, mediaIds, fields }: CreateSpec): Wire {
  return {
    media_id: mediaIds[0],
    type,
    version: ref.version,
    elemental_id: ref.elementalId,
    frame: typeof fields.frame === 'number' ? fields.frame : 0,
    ...geometryMembers(fields.geometry ?? null),
    attributes: newAttributes(fields),
  };
}
