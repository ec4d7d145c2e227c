import type { MediaKey } from '../../src/domain/identity.ts';
import type { ServerPort } from '../../src/sync/ports.ts';
import { ids } from './side.ts';

/** ms that a request of another script may hold the feed of the hub up. */
const longestWait = 10_000;

/** What a side tells in its change feed, as words that are the same on both. */
export class ToldChanges {
  readonly #port: ServerPort;
  readonly #mediaOf: (serverId: number) => MediaKey;
  #cursor: string | null = null;

  constructor(port: ServerPort, mediaOf: (serverId: number) => MediaKey) {
    this.#port = port;
    this.#mediaOf = mediaOf;
  }

  /** From now on. */
  async begin(): Promise<void> {
    this.#cursor = (await this.#page(null)).cursor;
  }

  /** Since the last time; all of `atLeast` is waited for, since older transactions may still run. */
  async next(atLeast: ReadonlySet<string> = new Set()): Promise<Set<string>> {
    const told = new Set<string>();
    const end = Date.now() + longestWait;
    do {
      for (let more = true; more;) {
        const page = await this.#page(this.#cursor);
        if (page.reset) throw new Error('the feed begins anew');
        this.#cursor = page.cursor;
        ({ more } = page);
        for (const { kind, removed, unnamed, elementalIds, mediaIds } of page.changes) {
          const how = removed ? 'gone' : 'changed';
          if (unnamed) told.add(`some ${kind}`);
          for (const id of elementalIds) told.add(`${kind} ${id} ${how}`);
          for (const id of mediaIds) told.add(`${kind} on ${this.#mediaOf(id)} ${how}`);
        }
      }
    } while (missing(atLeast, told).length > 0 && Date.now() < end);
    return told;
  }

  async #page(cursor: string | null) {
    const answer = await this.#port.readChanges(ids.project, cursor);
    if (!answer.ok) throw new Error(`the feed was not read: ${answer.failure.kind}`);
    if (answer.value === null) throw new Error('there is no feed');
    return answer.value;
  }
}

/** What one told and the other did not. */
export function missing(told: ReadonlySet<string>, by: ReadonlySet<string>): string[] {
  return [...told].filter((what) => !by.has(what));
}
