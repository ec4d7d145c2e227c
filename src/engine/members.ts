import type { ElementalId } from '../domain/identity.ts';
import { asId, asList, textOr } from './wire.ts';
import type { ServerCall } from './server-call.ts';

const atOnce = 500;
/** Row ids kept in memory. */
const learnedAtMost = 200_000;

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

  /** What was read anyway needs no question. */
  learn(rowId: number, elementalId: ElementalId): void {
    if (this.#known.size < learnedAtMost) this.#known.set(rowId, elementalId);
  }

  /** Present row ids of the members that are there; one in the track's own version before any other. */
  async currentRows(
    projectId: number,
    members: Iterable<ElementalId>,
    version: number,
  ): Promise<Map<ElementalId, number>> {
    const found = new Map<ElementalId, number>();
    const wanted = [...new Set(members)];
    for (let from = 0; from < wanted.length; from += atOnce) {
      const body = { elemental_ids: wanted.slice(from, from + atOnce) };
      const rows = asList(
        await this.#call('get_localization_list_by_id', { project: projectId, body }),
        'localization list',
      );
      for (const row of rows) {
        const [id, elementalId] = [asId(row.id, 'id'), textOr(row.elemental_id, '')];
        this.learn(id, elementalId);
        if (row.version === version || !found.has(elementalId)) found.set(elementalId, id);
      }
    }
    return found;
  }
}
