import type { Project } from '../../src/domain/entity-types.ts';
import type { Fields } from '../../src/domain/fields.ts';
import type { EntityRef } from '../../src/domain/identity.ts';
import type {
  Answer,
  ChangePage,
  CreateSpec,
  DigestedMarks,
  MarkQuery,
  MediaSpec,
  ServerMedia,
  ServerPort,
  ServerRow,
} from '../../src/sync/ports.ts';
import { fromHub, numbered, toHub, type HubProject } from './hub-project.ts';
import { ids } from './side.ts';

/**
 * A hub's project under the ids that scripts use: projects, versions, types, sections and people are
 * translated both ways; row ids, media ids and times stay the hub's.
 */
export class TranslatedPort implements ServerPort {
  readonly #server: ServerPort;
  readonly #project: HubProject;
  readonly #versions: Map<number, number>;
  readonly #sections: Map<number, number>;

  constructor(server: ServerPort, project: HubProject) {
    this.#server = server;
    this.#project = project;
    this.#versions = numbered(project.versions);
    this.#sections = numbered(project.sections);
  }

  async readMarks(query: MarkQuery): Promise<Answer<ServerRow[]>> {
    const { version } = query;
    const narrowed = version === undefined ? {} : { version: toHub(this.#versions, version) };
    const answer = await this.#server.readMarks({ ...query, projectId: this.#project.id, ...narrowed });
    return answer.ok ? { ok: true, value: answer.value.map((row) => this.row(row)) } : answer;
  }

  /** Scripts make no audits. */
  readMarksUnless(): Promise<Answer<DigestedMarks>> {
    return Promise.reject(new Error('not part of a script'));
  }

  readChanges(_projectId: number, cursor: string | null): Promise<Answer<ChangePage | null>> {
    return this.#server.readChanges(this.#project.id, cursor);
  }

  createAnnotations(_projectId: number, specs: CreateSpec[], key?: string): Promise<Answer<number[]>> {
    const translated = specs.map((spec) => ({ ...spec, ref: this.#ref(spec.ref), type: this.#type(spec) }));
    return this.#server.createAnnotations(this.#project.id, translated, key);
  }

  async patchAnnotation(ref: EntityRef, baseMark: number, changes: Fields): Promise<Answer<ServerRow>> {
    const answer = await this.#server.patchAnnotation(this.#ref(ref), baseMark, changes);
    return answer.ok ? { ok: true, value: this.row(answer.value) } : answer;
  }

  deleteAnnotation(ref: EntityRef): Promise<Answer<null>> {
    return this.#server.deleteAnnotation(this.#ref(ref));
  }

  async renewMembers(ref: EntityRef): Promise<Answer<ServerRow | null>> {
    const answer = await this.#server.renewMembers(this.#ref(ref));
    return answer.ok && answer.value !== null ? { ok: true, value: this.row(answer.value) } : answer;
  }

  readProjects(): Promise<Answer<Project[]>> {
    return this.#server.readProjects();
  }

  readCatalog(): ReturnType<ServerPort['readCatalog']> {
    const project = { id: this.#project.id, name: '', summary: '', permission: '' };
    return this.#server.readCatalog(project);
  }

  readMedia(query: Parameters<ServerPort['readMedia']>[0]): Promise<Answer<ServerMedia[]>> {
    return this.#medias(this.#server.readMedia({ ...query, projectId: this.#project.id }));
  }

  findMedia(_projectId: number, elementalId: string): Promise<Answer<ServerMedia[]>> {
    return this.#medias(this.#server.findMedia(this.#project.id, elementalId));
  }

  readMediaByIds(_projectId: number, serverIds: number[]): Promise<Answer<ServerMedia[]>> {
    return this.#medias(this.#server.readMediaByIds(this.#project.id, serverIds));
  }

  createMedia(_projectId: number, spec: MediaSpec, key?: string): Promise<Answer<number>> {
    const sectionId = spec.sectionId === null ? null : toHub(this.#sections, spec.sectionId);
    const translated = { ...spec, type: this.#type(spec), sectionId };
    return this.#server.createMedia(this.#project.id, translated, key);
  }

  patchMedia(serverId: number, changes: Fields): Promise<Answer<null>> {
    return this.#server.patchMedia(serverId, this.mediaChanges(changes));
  }

  /** What a catalog holds is not part of the scripts. */
  readCatalogLists(
    ...args: Parameters<ServerPort['readCatalogLists']>
  ): ReturnType<ServerPort['readCatalogLists']> {
    return this.#server.readCatalogLists(...args);
  }

  createInCatalog(
    ...args: Parameters<ServerPort['createInCatalog']>
  ): ReturnType<ServerPort['createInCatalog']> {
    return this.#server.createInCatalog(...args);
  }

  patchInCatalog(
    ...args: Parameters<ServerPort['patchInCatalog']>
  ): ReturnType<ServerPort['patchInCatalog']> {
    return this.#server.patchInCatalog(...args);
  }

  deleteInCatalog(
    ...args: Parameters<ServerPort['deleteInCatalog']>
  ): ReturnType<ServerPort['deleteInCatalog']> {
    return this.#server.deleteInCatalog(...args);
  }

  readTraits(): ReturnType<ServerPort['readTraits']> {
    return this.#server.readTraits();
  }

  /** Fields of a media, with the hub's section. */
  mediaChanges(changes: Fields): Fields {
    const { section_id: section } = changes;
    return typeof section === 'number' ? { ...changes, section_id: toHub(this.#sections, section) } : changes;
  }

  /** A row of the hub as scripts know it. */
  row(row: ServerRow): ServerRow {
    const { users, types } = this.#project;
    const who = (user: number | null): number | null => (user === null ? null : fromHub(users, user));
    return {
      ...row,
      ref: { ...row.ref, version: fromHub(this.#versions, row.ref.version) },
      type: fromHub(types, row.type),
      createdBy: who(row.createdBy),
      modifiedBy: who(row.modifiedBy),
    };
  }

  async #medias(asked: Promise<Answer<ServerMedia[]>>): Promise<Answer<ServerMedia[]>> {
    const answer = await asked;
    if (!answer.ok) return answer;
    const value = answer.value.map((media) => ({
      ...media,
      projectId: ids.project,
      type: fromHub(this.#project.types, media.type),
      sectionId: media.sectionId === null ? null : fromHub(this.#sections, media.sectionId),
    }));
    return { ok: true, value };
  }

  #ref(ref: EntityRef): EntityRef {
    return { ...ref, version: toHub(this.#versions, ref.version) };
  }

  #type({ type }: { type: number }): number {
    return toHub(this.#project.types, type);
  }
}
