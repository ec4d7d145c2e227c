import type { Project } from '../../src/domain/entity-types.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { entityKey, type EntityKey, type EntityRef } from '../../src/domain/identity.ts';
import {
  stockTraits,
  type Answer,
  type CreateSpec,
  type Failure,
  type MarkQuery,
  type MediaSpec,
  type ServerMedia,
  type ServerPort,
  type ServerRow,
  type ServerTraits,
} from '../../src/sync/ports.ts';
import type { Faults } from './faults.ts';

export const poison = 'attributes.Poison';
export const project: Project = { id: 1, name: 'Dive', summary: '', permission: 'Full Control' };

/**
 * A Tator as the documented surprises have it: rows are marks, nothing is unique, a POST of a known
 * element appends a mark that replaces its content, a PATCH is made from the mark it names, a delete
 * appends a tombstone, a PATCH of a tombstone stays deleted, a refused batch may be stored all the
 * same, and a prune leaves no trace.
 */
export class SimulatedTator {
  readonly rows: ServerRow[] = [];
  readonly media: ServerMedia[] = [];
  #lastId = 0;
  #clock = Date.parse('2026-01-01T00:00:00Z');

  chain(key: EntityKey): ServerRow[] {
    return this.rows.filter(({ ref }) => entityKey(ref) === key);
  }

  current(key: EntityKey): ServerRow | null {
    return this.chain(key).reduce<ServerRow | null>((a, b) => (a === null || b.mark > a.mark ? b : a), null);
  }

  append(ref: EntityRef, over: Partial<ServerRow>): ServerRow {
    const last = this.current(entityKey(ref));
    this.#clock += 1000;
    const row: ServerRow = {
      ref,
      rowId: (this.#lastId += 1),
      mark: last === null ? 0 : last.mark + 1,
      type: 7,
      media: last?.media ?? '',
      deleted: last?.deleted ?? false,
      fields: last?.fields ?? {},
      createdBy: 1,
      modifiedBy: 1,
      modifiedAt: new Date(this.#clock).toISOString(),
      ...over,
    };
    this.rows.push(row);
    return row;
  }

  patch(ref: EntityRef, changes: Fields, by: number): ServerRow | null {
    const last = this.current(entityKey(ref));
    return last === null
      ? null
      : this.append(ref, { fields: { ...last.fields, ...changes }, modifiedBy: by });
  }

  tombstone(ref: EntityRef, by: number): void {
    if (this.current(entityKey(ref)) !== null) this.append(ref, { deleted: true, modifiedBy: by });
  }

  /** Seen through a link and a process that may fail at any point. */
  port(faults: Faults, user: number): ServerPort {
    return new FaultyPort(this, faults, user);
  }

  addMedia(spec: MediaSpec): number {
    const serverId = this.media.length + 1;
    const { elementalId: key, type } = spec;
    this.media.push({
      key,
      serverId,
      projectId: 1,
      type,
      kind: 'video',
      name: 'clip',
      sectionId: null,
      width: 1,
      height: 1,
      frameCount: 1,
      fps: 1,
      attributes: {},
      raw: {},
    });
    return serverId;
  }
}

class FaultyPort implements ServerPort {
  readonly #tator: SimulatedTator;
  readonly #faults: Faults;
  readonly #user: number;

  constructor(tator: SimulatedTator, faults: Faults, user: number) {
    this.#tator = tator;
    this.#faults = faults;
    this.#user = user;
  }

  readMarks(query: MarkQuery): Promise<Answer<ServerRow[]>> {
    return this.#read(() => {
      const { after = 0, modifiedSince, mediaIds, elementalIds, version, allMarks, limit, kind } = query;
      const medias = mediaIds?.map((id) => this.#tator.media.find(({ serverId }) => serverId === id)?.key);
      return this.#tator.rows
        .filter((row) => row.ref.kind === kind && row.rowId > after)
        .filter((row) => allMarks || this.#tator.current(entityKey(row.ref)) === row)
        .filter((row) => modifiedSince === undefined || row.modifiedAt >= modifiedSince)
        .filter((row) => medias === undefined || medias.includes(row.media))
        .filter(({ ref }) => elementalIds === undefined || elementalIds.includes(ref.elementalId))
        .filter(({ ref }) => version === undefined || ref.version === version)
        .slice(0, limit);
    });
  }

  createAnnotations(_projectId: number, specs: CreateSpec[]): Promise<Answer<number[]>> {
    return this.#write(() => {
      if (specs.some(({ fields }) => poison in fields))
        return { ok: false, failure: { kind: 'rejected', message: 'no such attribute' } };
      const ids = specs.map(({ ref, type, mediaIds, fields }) => {
        const media = this.#tator.media.find(({ serverId }) => serverId === mediaIds[0])?.key ?? '';
        return this.#tator.append(ref, {
          type,
          media,
          fields,
          deleted: false,
          modifiedBy: this.#user,
          createdBy: this.#user,
        }).rowId;
      });
      // The rows are stored, and a later step of the same request fails.
      if (this.#faults.happens('refused'))
        return { ok: false, failure: { kind: 'rejected', message: 'change log failed' } };
      return { ok: true, value: ids };
    });
  }

  patchAnnotation(ref: EntityRef, baseMark: number, changes: Fields): Promise<Answer<ServerRow>> {
    return this.#write<ServerRow>(() => {
      const last = this.#tator.current(entityKey(ref));
      if (last === null) return { ok: false, failure: { kind: 'not-found' } };
      if (last.mark !== baseMark) return { ok: false, failure: { kind: 'stale-mark' } };
      if (poison in changes)
        return { ok: false, failure: { kind: 'rejected', message: 'no such attribute' } };
      return {
        ok: true,
        value: this.#tator.append(ref, { fields: { ...last.fields, ...changes }, modifiedBy: this.#user }),
      };
    });
  }

  deleteAnnotation(ref: EntityRef): Promise<Answer<null>> {
    return this.#write<null>(() => {
      if (this.#tator.current(entityKey(ref)) === null) return { ok: false, failure: { kind: 'not-found' } };
      this.#tator.tombstone(ref, this.#user);
      return { ok: true, value: null };
    });
  }

  readProjects(): Promise<Answer<Project[]>> {
    return this.#read(() => [project]);
  }

  readCatalog(of: Project): ReturnType<ServerPort['readCatalog']> {
    return this.#read(() => ({
      project: of,
      mediaTypes: [],
      localizationTypes: [],
      stateTypes: [],
      leafTypes: [],
      versions: [],
      sections: [],
      leaves: [],
      users: {},
    }));
  }

  readMedia({ after }: { after: number }): Promise<Answer<ServerMedia[]>> {
    return this.#read(() => this.#tator.media.filter(({ serverId }) => serverId > after));
  }

  findMedia(_projectId: number, elementalId: string): Promise<Answer<ServerMedia[]>> {
    return this.#read(() => this.#tator.media.filter(({ key }) => key === elementalId));
  }

  readMediaByIds(_projectId: number, serverIds: number[]): Promise<Answer<ServerMedia[]>> {
    return this.#read(() => this.#tator.media.filter(({ serverId }) => serverIds.includes(serverId)));
  }

  patchMedia(serverId: number): Promise<Answer<null>> {
    return this.#write<null>(() =>
      this.#tator.media.some((media) => media.serverId === serverId)
        ? { ok: true, value: null }
        : { ok: false, failure: { kind: 'not-found' } },
    );
  }

  readTraits(): Promise<Answer<ServerTraits>> {
    return this.#read(() => stockTraits);
  }

  createMedia(_projectId: number, spec: MediaSpec): Promise<Answer<number>> {
    return this.#write(() => ({ ok: true, value: this.#tator.addMedia(spec) }));
  }

  async #read<T>(run: () => T): Promise<Answer<T>> {
    await this.#faults.step('read');
    if (this.#faults.happens('lostBefore')) return failed({ kind: 'offline', byChoice: false });
    const value = structuredClone(run());
    if (this.#faults.happens('garbage')) return failed({ kind: 'unknown-outcome', message: 'cut off' });
    return { ok: true, value };
  }

  async #write<T>(run: () => Answer<T>): Promise<Answer<T>> {
    await this.#faults.step('before-request');
    if (this.#faults.happens('lostBefore')) return failed({ kind: 'unknown-outcome', message: 'no answer' });
    const answer = structuredClone(run());
    // Either the process dies after the server has committed, or the answer is lost.
    await this.#faults.step('after-request');
    if (this.#faults.happens('lostAfter') || this.#faults.happens('garbage'))
      return failed({ kind: 'unknown-outcome', message: 'no answer' });
    return answer;
  }
}

function failed(failure: Failure): { ok: false; failure: Failure } {
  return { ok: false, failure };
}
