import { groupBy } from '../base/group.ts';
import { addPrints } from '../base/row-prints.ts';
import type { Project, ProjectCatalog } from '../domain/entity-types.ts';
import { attributesOf, type Fields } from '../domain/fields.ts';
import type { LocalizationDtype } from '../domain/geometry.ts';
import type { CatalogKind, EntityRef } from '../domain/identity.ts';
import { stateMembers } from '../domain/member-set.ts';
import {
  stockTraits,
  type ChangePage,
  type Answer,
  type CatalogSpec,
  type CreateSpec,
  type DigestedMarks,
  type MarkQuery,
  type MediaSpec,
  type ServerMedia,
  type ServerPort,
  type ServerRow,
  type ServerTraits,
} from '../sync/ports.ts';
import {
  editMembers,
  idList,
  localizationRow,
  printOfMembers,
  stateRow,
  type RowContext,
} from './annotation-wire.ts';
import { readCatalogLists } from './catalog-lists.ts';
import { changePageFrom } from './change-wire.ts';
import { mediaFrom, projectFrom, readCatalog } from './catalog-wire.ts';
import { createInCatalog, deleteInCatalog, patchInCatalog, type CatalogTarget } from './catalog-writes.ts';
import { answerOf, garbled } from './failures.ts';
import { MediaKeys } from './media-keys.ts';
import { Members } from './members.ts';
import type { ReadExtension, ReadUnless, ServerCall } from './server-call.ts';
import {
  asId,
  asList,
  asRecord,
  attributeMembers,
  geometryMembers,
  newAttributes,
  textOr,
  type Wire,
} from './wire.ts';

const read = { write: false };
const write = { write: true };

/** Writes that may take long on a bad link; ms. */
const writeTimeout = 120_000;

/** A hub binds all values, says what it means, and orders the requests about one element by a lock. */
const hubTraits: ServerTraits = {
  storesAnyText: true,
  exactRefusals: true,
  lateFor: 0,
  keyed: false,
  feed: false,
};

/** The server behind the host's RPC, as the engine sees it. */
export class HostServer implements ServerPort {
  readonly #call: ServerCall;
  readonly #readUnless: ReadUnless;
  readonly #extension: ReadExtension;
  readonly #mediaKeys: MediaKeys;
  readonly #members: Members;
  readonly #dtypes = new Map<number, LocalizationDtype>();
  readonly #mediaDtypes = new Map<number, string>();

  constructor({
    call,
    readUnless,
    extension,
  }: {
    call: ServerCall;
    readUnless: ReadUnless;
    extension: ReadExtension;
  }) {
    this.#call = call;
    this.#readUnless = readUnless;
    this.#extension = extension;
    this.#mediaKeys = new MediaKeys(call);
    this.#members = new Members(call);
  }

  readMarks(query: MarkQuery): Promise<Answer<ServerRow[]>> {
    return answerOf(async () => {
      const { operation, args } = listRequest(query);
      const { value, prints } = await this.#readUnless(operation, args, '');
      return this.#rows(query.projectId, query.kind, asList(value, operation), prints);
    }, read);
  }

  readMarksUnless(query: MarkQuery, known: string | null): Promise<Answer<DigestedMarks>> {
    return answerOf(async () => {
      const { operation, args } = listRequest(query);
      const { value, digest, prints } = await this.#readUnless(operation, args, known ?? '');
      if (digest === known) return { digest, rows: null };
      const rows = await this.#rows(query.projectId, query.kind, asList(value, operation), prints);
      return { digest, rows };
    }, read);
  }

  createAnnotations(projectId: number, specs: CreateSpec[], key?: string): Promise<Answer<number[]>> {
    return answerOf(async () => {
      const isState = specs[0]?.ref.kind === 'state';
      const body = isState ? await this.#stateSpecs(projectId, specs) : specs.map(localizationSpec);
      const operation = isState ? 'create_state_list' : 'create_localization_list';
      const reply = asRecord(
        await this.#call(operation, { project: projectId, body }, { timeoutMs: writeTimeout, ...keyed(key) }),
        operation,
      );
      if (!Array.isArray(reply.id)) throw garbled('a create without ids');
      return reply.id.map((id) => asId(id, 'id'));
    }, write);
  }

  patchAnnotation(ref: EntityRef, baseMark: number, changes: Fields): Promise<Answer<ServerRow>> {
    return answerOf(async () => {
      const isTrack = ref.kind === 'state' && 'localizations' in changes;
      const members = isTrack
        ? await this.#memberEdits(await this.#stateOf(ref), ref.version, stateMembers(changes))
        : {};
      return this.#patch(ref, { mark: baseMark, pedantic: 1, ...editMembers(changes), ...members });
    }, write);
  }

  renewMembers(ref: EntityRef): Promise<Answer<ServerRow | null>> {
    return answerOf(async () => {
      const state = await this.#stateOf(ref);
      if (state.variant_deleted === true) return null;
      const projectId = asId(state.project ?? 0, 'project');
      const elementOf = await this.#members.resolve(projectId, idList(state.localizations));
      const wanted = idList(state.localizations).flatMap((id) => elementOf(id) ?? []);
      const members = await this.#memberEdits(state, ref.version, wanted);
      if (Object.keys(members).length === 0) return null;
      return this.#patch(ref, { mark: asId(state.mark, 'mark'), pedantic: 1, ...members });
    }, write);
  }

  async #patch({ kind, version, elementalId }: EntityRef, body: Wire): Promise<ServerRow> {
    const operation = `update_${kind}_by_elemental_id`;
    const reply = asRecord(
      await this.#call(operation, { version, elemental_id: elementalId, body }, { timeoutMs: writeTimeout }),
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

  readCatalogLists(
    projectId: number,
    kinds: readonly CatalogKind[],
  ): ReturnType<ServerPort['readCatalogLists']> {
    return answerOf(() => readCatalogLists(this.#call, projectId, kinds), read);
  }

  createInCatalog(projectId: number, spec: CatalogSpec, key?: string): Promise<Answer<number>> {
    const options = { timeoutMs: writeTimeout, ...keyed(key) };
    return answerOf(() => createInCatalog(this.#call, { projectId, spec, options }), write);
  }

  patchInCatalog(target: CatalogTarget, changes: Fields, whole: Fields): Promise<Answer<null>> {
    const options = { timeoutMs: writeTimeout };
    return answerOf(() => patchInCatalog(this.#call, target, { changes, whole, options }), write);
  }

  deleteInCatalog(target: CatalogTarget): Promise<Answer<null>> {
    return answerOf(() => deleteInCatalog(this.#call, target, { timeoutMs: writeTimeout }), write);
  }

  readTraits(): Promise<Answer<ServerTraits>> {
    return answerOf(async () => {
      const offer = await this.#extension('', {});
      if (offer === null) return stockTraits;
      const keyed = offers(offer, 'idempotency-key');
      return { ...hubTraits, keyed, feed: offers(offer, 'change-feed') };
    }, read);
  }

  readChanges(projectId: number, cursor: string | null): Promise<Answer<ChangePage | null>> {
    return answerOf(async () => {
      const page = await this.#extension(`/Changes/${projectId}`, cursor === null ? {} : { cursor });
      return page === null ? null : changePageFrom(page);
    }, read);
  }

  createMedia(
    projectId: number,
    { elementalId, type, sectionId, fields }: MediaSpec,
    key?: string,
  ): Promise<Answer<number>> {
    return answerOf(async () => {
      const plain = Object.fromEntries(
        Object.entries(fields).filter(([field, value]) => !field.includes('.') && value !== null),
      );
      const section = sectionId === null ? {} : { section_id: sectionId };
      const attributes = attributesOf(fields);
      const body = { ...plain, ...section, type, elemental_id: elementalId, attributes };
      const reply = asRecord(
        await this.#call(
          'create_media_list',
          { project: projectId, body },
          { timeoutMs: writeTimeout, ...keyed(key) },
        ),
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

  async #rows(
    projectId: number,
    kind: 'localization' | 'state',
    rows: Wire[],
    prints: readonly number[] = [],
  ): Promise<ServerRow[]> {
    const mediaIds = rows.flatMap((row) => (kind === 'state' ? idList(row.media) : asId(row.media, 'media')));
    const memberIds = kind === 'state' ? rows.flatMap((row) => idList(row.localizations)) : [];
    const context: RowContext = {
      keyOf: await this.#mediaKeys.resolve(projectId, mediaIds),
      dtypeOf: (type) => this.#dtypes.get(type),
      memberOf: await this.#members.resolve(projectId, memberIds),
    };
    if (kind === 'localization')
      for (const row of rows) this.#members.learn(asId(row.id, 'id'), textOr(row.elemental_id, ''));
    const made = rows.map((row) => (kind === 'state' ? stateRow : localizationRow)(row, context));
    // Where there is not one for each, nobody knows which is whose.
    if (prints.length !== made.length) return made;
    made.forEach((row, i) => {
      // The drawing of a type that was not told yet is guessed, and may be another one later.
      if (kind === 'localization' && !this.#dtypes.has(row.type)) return;
      row.print = addPrints(prints[i] ?? 0, printOfMembers(row));
    });
    return made;
  }

  async #stateSpecs(projectId: number, specs: CreateSpec[]): Promise<Wire[]> {
    const versions = groupBy(specs, ({ ref }) => ref.version);
    const rowsOf = new Map<number, Map<string, number>>();
    for (const [version, group] of versions) {
      const members = group.flatMap(({ fields }) => stateMembers(fields));
      rowsOf.set(version, await this.#members.currentRows(projectId, members, version));
    }
    return specs.map(({ ref, type, mediaIds, fields }) => {
      const members = stateMembers(fields).flatMap((id) => rowsOf.get(ref.version)?.get(id) ?? []);
      return {
        type,
        media_ids: mediaIds,
        version: ref.version,
        elemental_id: ref.elementalId,
        attributes: newAttributes(fields),
        ...(typeof fields.frame === 'number' ? { frame: fields.frame } : {}),
        ...(members.length > 0 ? { localization_ids: members } : {}),
      };
    });
  }

  /** Which rows join and which leave a state, so that its members are the current rows of `wanted`. */
  async #memberEdits(state: Wire, version: number, wanted: readonly string[]): Promise<Wire> {
    const projectId = asId(state.project ?? 0, 'project');
    const present = idList(state.localizations);
    const elementOf = await this.#members.resolve(projectId, present);
    const current = await this.#members.currentRows(projectId, wanted, version);
    const add = [...current.values()].filter((id) => !present.includes(id));
    const isWanted = new Set(wanted);
    // The row of a member that is deleted, or that cannot be seen, stays: there is no newer one to name.
    const remove = present.filter((id) => {
      const element = elementOf(id);
      if (element === null) return false;
      return !isWanted.has(element) || (current.has(element) && current.get(element) !== id);
    });
    return {
      ...(add.length > 0 ? { localization_ids_add: add } : {}),
      ...(remove.length > 0 ? { localization_ids_remove: remove } : {}),
    };
  }

  async #stateOf({ version, elementalId }: EntityRef): Promise<Wire> {
    const args = { version, elemental_id: elementalId };
    return asRecord(await this.#call('get_state_by_elemental_id', args), 'state');
  }
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

function keyed(key: string | undefined): { idempotencyKey?: string } {
  return key === undefined ? {} : { idempotencyKey: key };
}

/** Whether a server's list of its own operations names one. */
function offers(offer: unknown, name: string): boolean {
  const { extensions } = asRecord(offer, 'the extensions');
  return Array.isArray(extensions) && extensions.includes(name);
}
