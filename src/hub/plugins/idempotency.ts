import { createHash } from 'node:crypto';
import type { Answer } from '../call.ts';
import type { Db } from '../db/database.ts';
import type { Exclusively } from '../db/key-locks.ts';
import { badRequest } from '../errors.ts';

export interface KeyedRequest {
  user: number;
  /** The client's `Idempotency-Key`: any text of at most 255 characters, new for every intent. */
  key: string;
  operation: string;
  request: unknown;
}

/**
 * Our extension: a POST with an `Idempotency-Key` that succeeded is answered from its record when it
 * comes again, and does nothing. The record is written after the work: a crash in between leaves none,
 * so a client that chose its own elemental IDs still looks before it repeats.
 */
export class Idempotency {
  readonly #db: Db;
  readonly #exclusively: Exclusively;
  readonly #running = new Map<string, Promise<Answer>>();

  constructor({ db, exclusively }: { db: Db; exclusively: Exclusively }) {
    this.#db = db;
    this.#exclusively = exclusively;
  }

  /** @throws HubError 400 for a key that was used for another request. */
  async once(request: KeyedRequest, work: () => Promise<Answer>): Promise<Answer> {
    const name = JSON.stringify([request.user, request.key]);
    // Whoever comes while the first is at work waits for it and then reads its record.
    await this.#running.get(name)?.catch(() => undefined);
    const digest = digestOf(request);
    const recorded = await this.#recorded(request, digest);
    if (recorded) return recorded;
    const running =
      this.#running.get(name) ?? this.#exclusively(name, () => this.#perform(request, digest, work));
    this.#running.set(name, running);
    try {
      return await running;
    } finally {
      this.#running.delete(name);
    }
  }

  async #perform({ user, key }: KeyedRequest, digest: string, work: () => Promise<Answer>): Promise<Answer> {
    // Another hub may have done it while this one waited.
    const recorded = await this.#recorded({ user, key }, digest);
    if (recorded) return recorded;
    const answer = await work();
    if (answer.kind === 'json') {
      await this.#db
        .insertInto('idempotency_keys')
        .values({
          user_id: user,
          key,
          request_digest: digest,
          status: answer.status,
          body: JSON.stringify(answer.body),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    return answer;
  }

  async #recorded(
    { user, key }: Pick<KeyedRequest, 'user' | 'key'>,
    digest: string,
  ): Promise<Answer | undefined> {
    const row = await this.#db
      .selectFrom('idempotency_keys')
      .selectAll()
      .where('user_id', '=', user)
      .where('key', '=', key)
      .executeTakeFirst();
    if (!row) return undefined;
    if (row.request_digest !== digest) throw badRequest('The Idempotency-Key was used for another request.');
    return { kind: 'json', status: row.status, body: row.body };
  }
}

function digestOf({ operation, request }: KeyedRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([operation, request]))
    .digest('hex');
}
