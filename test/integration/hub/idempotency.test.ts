import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/hub/db/database.ts';
import { Idempotency } from '../../../src/hub/plugins/idempotency.ts';
import { alreadyAlone } from '../../../src/hub/db/key-locks.ts';
import { badRequest } from '../../../src/hub/errors.ts';
import { startCluster } from '../../../src/hub/postgres/cluster.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
let cluster: Awaited<ReturnType<typeof startCluster>>;
let database: Awaited<ReturnType<typeof openDatabase>>;
let user: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-keys-'));
  cluster = await startCluster(folder);
  database = await openDatabase(cluster.url, () => undefined);
  user = (await addPerson('keeper')).id;
});

afterAll(async () => {
  await database.close();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

async function addPerson(username: string): Promise<{ id: number }> {
  return database.db
    .transaction()
    .execute((tx) =>
      tx
        .insertInto('users')
        .values({ username, password_hash: '', elemental_id: randomUUID() })
        .returning('id')
        .executeTakeFirstOrThrow(),
    );
}

const people = async (username: string): Promise<number> =>
  (await database.db.selectFrom('users').select('id').where('username', '=', username).execute()).length;

const keyed = (key: string) => ({ user, key, operation: 'create_user', request: {} });
const keys = () => new Idempotency({ ...database, exclusively: alreadyAlone });

describe('a keyed request', () => {
  it('is undone with all of its own transactions when its record cannot be written', async () => {
    const username = `undone ${randomUUID()}`;
    const work = async () => {
      await addPerson(username);
      // A body that PostgreSQL does not store, so that the record fails after the work.
      return { kind: 'json' as const, status: 201, body: { message: 'nul \0' } };
    };
    await expect(keys().once(keyed('a'), work)).rejects.toThrow();
    expect(await people(username)).toBe(0);
  });

  it('keeps the work when an inner transaction failed and was mended', async () => {
    const [lost, kept] = [`lost ${randomUUID()}`, `kept ${randomUUID()}`];
    const work = async () => {
      const failing = database.db.transaction().execute(async () => {
        await addPerson(lost);
        throw badRequest('not this one');
      });
      await failing.catch(() => undefined);
      await addPerson(kept);
      return { kind: 'json' as const, status: 201, body: {} };
    };
    await keys().once(keyed('b'), work);
    expect([await people(lost), await people(kept)]).toEqual([0, 1]);
    await keys().once(keyed('b'), () => Promise.reject(new Error('done twice')));
  });

  it('leaves no connection behind, however it ends', async () => {
    for (let i = 0; i < 60; i++) {
      const work = async () => {
        await addPerson(`many ${randomUUID()}`);
        if (i % 2 === 0) throw badRequest('refused');
        return { kind: 'json' as const, status: 201, body: {} };
      };
      const outcome = keys().once(keyed(`many ${i}`), work);
      if (i % 2 === 0) await expect(outcome).rejects.toThrow('refused');
      else await outcome;
    }
    expect(await people('keeper')).toBe(1);
  });

  it('does not draw others into its transaction', async () => {
    const username = `beside ${randomUUID()}`;
    let beside: Promise<unknown> = Promise.resolve();
    let go: () => void = () => undefined;
    const outside = new Promise<void>((resolve) => (go = resolve)).then(() => addPerson(username));
    const work = async () => {
      beside = outside;
      go();
      await beside;
      throw badRequest('refused');
    };
    await expect(keys().once(keyed('c'), work)).rejects.toThrow('refused');
    expect(await people(username)).toBe(1);
  });
});
