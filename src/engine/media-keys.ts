import type { MediaKey } from '../domain/identity.ts';
import { mediaKeyOf } from '../domain/identity.ts';
import { asId, asList, textOr } from './wire.ts';
import type { ServerCall } from './server-call.ts';

/** Server ids of medias, translated to keys; asks the server for those that it has not met yet. */
export class MediaKeys {
  readonly #call: ServerCall;
  readonly #known = new Map<number, MediaKey>();

  constructor(call: ServerCall) {
    this.#call = call;
  }

  learn(id: number, key: MediaKey): void {
    this.#known.set(id, key);
  }

  /** Keys of all the ids; an id that the server does not list (deleted meanwhile) gets its `id:` key. */
  async resolve(projectId: number, ids: Iterable<number>): Promise<(id: number) => MediaKey> {
    const unknown = [...new Set(ids)].filter((id) => !this.#known.has(id));
    for (let from = 0; from < unknown.length; from += 500) {
      const body = { ids: unknown.slice(from, from + 500) };
      const rows = asList(
        await this.#call('get_media_list_by_id', { project: projectId, body }),
        'media list',
      );
      for (const row of rows) {
        const id = asId(row.id, 'media');
        this.learn(id, mediaKeyOf({ id, elemental_id: textOr(row.elemental_id, '') || null }));
      }
    }
    return (id) => this.#known.get(id) ?? mediaKeyOf({ id });
  }
}
