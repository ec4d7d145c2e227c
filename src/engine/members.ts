import type { ElementalId } from '../domain/identity.ts';
import { asId, asList, textOr } from './wire.ts';
import type { ServerCall } from './server-call.ts';

const atOnce = 500;

/** Members of states: row ids on the server, elemental ids here. */
export class Members {
  readonly #call: ServerCall;
  readonly #known = new Map<number, ElementalId>();

  constructor(call: ServerCall) {
    this.#call = call;
  }

  /** Elemental ids of localization rows of any mark. */
  async resolve(projectId: number, rowIds: Iterable<number>): Promise<(rowId: number) => ElementalId | null> {
    const unknown = [...new Set(rowIds)].filter((id) => !this.#known.has(id));
    for (let from = 0; from < unknown.length; from += atOnce) {
      const body = { ids: unknown.slice(from, from + atOnce) };
      const args = { project: projectId, show_all_marks: 1, show_deleted: 1, body };
      const rows = asList(await this.#call('get_localization_list_by_id', args), 'localization list');
      for (const row of rows) this.#known.set(asId(row.id, 'id'), textOr(row.elemental_id, ''));
    }
    return (rowId) => this.#known.get(rowId) || null;
  }

  /** Present row ids of the members in a version. */
  async rowIds(projectId: number, version: number, members: ElementalId[]): Promise<number[]> {
    const found: number[] = [];
    for (let from = 0; from < members.length; from += atOnce) {
      const body = { elemental_ids: members.slice(from, from + atOnce) };
      const rows = asList(
        await this.#call('get_localization_list_by_id', { project: projectId, version: [version], body }),
        'localization list',
      );
      for (const row of rows) found.push(asId(row.id, 'id'));
    }
    return found;
  }
}
