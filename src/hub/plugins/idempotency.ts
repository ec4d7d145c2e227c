import { createHash } from 'node:crypto';
import type { Answer } from '../call.ts';
import type { Db, Together } from '../db/database.ts';
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
 * Long work on files, mails, and what must be kept of a failure: none of it can be undone with a
 * transaction, or should hold one open.
 */
const outside: ReadonlySet<string> = new Set([
  'create_obtain_auth_token',
  'create_password_reset',
  'create_temporary_file',
  'complete_upload',
  'save_generic_file',
  'save_algorithm_manifest',
  'send_email',
  'notify',
]);

/**
 * Our extension: a POST with an `Idempotency-Key` that succeeded is answered from its record when it
 * comes again, and does nothing. Record and work are one transaction, so that a kill leaves both or
 * neither; but for the few operations that work outside the database, where the record comes after.
 */
export class Idempotency {
  readonly #db: Db;
  readonly #exclusively: Exclusively;
  readonly #together: Together;
  readonly #running = new Map<string, Promise<Answer>>();

  constructor({ db, exclusively, together }: { db: Db; exclusively: Exclusively; together: Together }) {
    this.#db = db;
    this.#exclusively = exclusively;
    this.#together = together;
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
      this.#running.get(name) ?? this.#exclusively(name, () => this.#whole(request, digest, work));
    this.#running.set(name, running);
    try {
      return await running;
    } finally {
      this.#running.delete(name);
    }
  }

  #whole(request: KeyedRequest, digest: string, work: () => Promise<Answer>): Promise<Answer> {
    const perform = (): Promise<Answer> => this.#perform(request, digest, work);
    return outside.has(request.operation) ? perform() : this.#together(perform);
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
