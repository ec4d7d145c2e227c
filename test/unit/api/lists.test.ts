import { afterEach, describe, expect, it } from 'vitest';
import { createInBatches } from '../../../src/api/batches.ts';
import { eachPage, eachRow } from '../../../src/api/paging.ts';
import { machine, signIn } from '../../../src/api/sign-in.ts';
import { json, serve, type Respond } from './server.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function server(respond: Respond): ReturnType<typeof serve> {
  const running = await serve(respond);
  open.push(running.close);
  return running;
}

/** 25 media whose names run against their ids; the server pages them as Tator does. */
const media = Array.from({ length: 25 }, (_, i) => ({ id: 100 + i, name: `m${99 - i}` }));

const listing: Respond = (request, response) => {
  const query = request.url.searchParams;
  const number = (name: string): number | null => (query.has(name) ? Number(query.get(name)) : null);
  const byId = query.getAll('sort_by').includes('$id');
  const rows = media
    .filter(({ id }) => id > (number('after') ?? -1))
    .sort((a, b) => (byId ? a.id - b.id : a.name.localeCompare(b.name)));
  json(response, 200, rows.slice(number('start') ?? 0, number('stop') ?? undefined));
};

describe('reading a list page by page', () => {
  it('meets every media once, although their own order is by name', async () => {
    const { client } = await server(listing);
    const ids: number[] = [];
    for await (const row of eachRow(client(), 'get_media_list', { project: 1 }, { size: 10 }))
      ids.push(row.id);
    expect(ids).toEqual(media.map(({ id }) => id));
  });

  it('begins behind the row that is named, and yields no empty page', async () => {
    const { client, received } = await server(listing);
    const sizes: number[] = [];
    for await (const page of eachPage(client(), 'get_media_list', { project: 1, after: 104 }, { size: 10 })) {
      sizes.push(page.length);
    }
    expect(sizes).toEqual([10, 10]);
    expect(received).toHaveLength(3);
  });

  it('counts positions where a list knows no after', async () => {
    const { client, received } = await server(listing);
    const pages: number[] = [];
    for await (const page of eachPage(client(), 'get_leaf_list', { project: 1 }, { size: 10 }))
      pages.push(page.length);
    expect(pages).toEqual([10, 10, 5]);
    expect(received.map(({ url }) => url.search)).toEqual([
      '?start=0&stop=10',
      '?start=10&stop=20',
      '?start=20&stop=30',
    ]);
  });
});

describe('creating many', () => {
  const spec = (frame: number): { media_id: number; type: number; frame: number } => ({
    media_id: 1,
    type: 2,
    frame,
  });

  it('sends at most 500 at once, in order, and answers the ids of each call', async () => {
    let next = 0;
    const { client, received } = await server((request, response) =>
      json(response, 201, { message: 'made', id: (request.body as unknown[]).map(() => next++) }),
    );
    const items = Array.from({ length: 1201 }, (_, frame) => spec(frame));
    const ids: number[] = [];
    for await (const batch of createInBatches(client(), 'create_localization_list', { project: 1, items })) {
      expect(batch.items).toHaveLength(batch.ids.length);
      ids.push(...batch.ids);
    }
    expect(received.map(({ body }) => (body as unknown[]).length)).toEqual([500, 500, 201]);
    expect(ids).toEqual(items.map((_, i) => i));
  });

  it('stops at the first failure, sends nothing twice, and has told of what was done', async () => {
    const { client, received } = await server((_, response, nth) => {
      if (nth === 1) json(response, 201, { message: 'made', id: [1, 2] });
      else response.destroy();
    });
    const done: number[] = [];
    const items = [spec(1), spec(2), spec(3), spec(4), spec(5)];
    const all = async (): Promise<void> => {
      for await (const { ids } of createInBatches(client(), 'create_localization_list', {
        project: 1,
        items,
        size: 2,
      })) {
        done.push(...ids);
      }
    };
    await expect(all()).rejects.toMatchObject({ code: 'offline', reached: 'unknown' });
    expect(done).toEqual([1, 2]);
    expect(received).toHaveLength(2);
  });
});

describe('signing in', () => {
  it('answers a client that carries the token, which the sign-in itself does not', async () => {
    const { host, received } = await server((request, response) => {
      if (request.url.pathname === '/rest/Token') json(response, 201, { token: 't0' });
      else json(response, 200, { id: 1, username: 'ada' });
    });
    const { client, token } = await signIn(
      { host: `${host}/`, ...machine() },
      { username: 'ada', password: 'x' },
    );
    expect(token).toBe('t0');
    expect((await client.whoami()).username).toBe('ada');
    expect(received.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Token t0']);
  });
});
