import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { TatorError } from '../../../src/api/error.ts';
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

/** The error that a call ends with. */
async function failureOf(call: Promise<unknown>): Promise<TatorError> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof TatorError)) throw new Error(`expected a TatorError, got ${String(thrown)}`);
  return thrown;
}

describe('a call', () => {
  it('carries its path, its query, its token and its body as the contract says', async () => {
    const { client, received } = await server((_, response) => json(response, 200, [{ id: 7 }]));
    const search = { attribute: 'Species', operation: 'eq', value: 'Möhre, „x“' } as const;
    const list = await client().get_localization_list_by_id({
      project: 3,
      media_id: [1, 2],
      sort_by: ['-$id', 'Species'],
      encoded_search: search,
      body: { ids: [5] },
    });
    expect(list.map(({ id }) => id)).toEqual([7]);
    const [request] = received;
    expect(request?.method).toBe('PUT');
    expect(request?.url.pathname).toBe('/rest/Localizations/3');
    expect(request?.url.searchParams.get('media_id')).toBe('1,2');
    expect(request?.url.searchParams.getAll('sort_by')).toEqual(['-$id', 'Species']);
    const encoded = request?.url.searchParams.get('encoded_search') ?? '';
    expect(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))).toEqual(search);
    expect(request?.headers.authorization).toBe('Token abc');
    expect(request?.headers['content-type']).toBe('application/json');
    expect(request?.body).toEqual({ ids: [5] });
  });

  it('sends a DELETE without a body rather than with an empty one', async () => {
    const { client, received } = await server((_, response) => json(response, 200, { message: 'gone' }));
    await client().delete_localization({ id: 1, body: {} });
    expect(received[0]?.body).toBeUndefined();
    expect(received[0]?.headers['content-type']).toBeUndefined();
  });

  it('can be made by name with arguments from elsewhere', async () => {
    const { client, received } = await server((_, response) =>
      json(response, 200, { id: 1, username: 'ada' }),
    );
    expect(await client().call('whoami', {})).toEqual({ id: 1, username: 'ada' });
    expect(received[0]?.url.pathname).toBe('/rest/User/GetCurrent');
  });

  it('answers a picture as bytes, and a permalink as its address without following it', async () => {
    const { client, received } = await server((request, response) => {
      if (request.url.pathname.startsWith('/rest/Permalink')) {
        response.writeHead(301, { location: 'http://elsewhere.invalid/file.mp4' }).end();
      } else response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([137, 80, 78, 71]));
    });
    expect([...(await client().get_frame({ id: 1, frames: [0, 5] }))]).toEqual([137, 80, 78, 71]);
    expect(await client().get_permalink({ id: 1 })).toEqual({
      location: 'http://elsewhere.invalid/file.mp4',
    });
    expect(received).toHaveLength(2);
  });

  it('reports the bytes of the answer as they arrive', async () => {
    const body = JSON.stringify(Array.from({ length: 2000 }, (_, id) => ({ id })));
    const { client } = await server((_, response) => {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.slice(0, 5000));
      setTimeout(() => response.end(body.slice(5000)), 30);
    });
    const seen: number[] = [];
    await client().get_leaf_list(
      { project: 1 },
      {
        onProgress: ({ received, total }) => {
          expect(total).toBe(body.length);
          seen.push(received);
        },
      },
    );
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toBe(body.length);
  });
});

describe('an answer that ends early', () => {
  const whole = JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, name: `leaf ${id}` })));

  it('does not count after a status of 200, and the read is repeated', async () => {
    const { client, received } = await server((_, response, nth) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(nth === 1 ? whole.slice(0, 1000) : whole);
    });
    expect(await client().get_leaf_list({ project: 1 })).toHaveLength(500);
    expect(received).toHaveLength(2);
  });

  it('does not count when it is cut inside the gzip stream', async () => {
    const zipped = gzipSync(whole);
    const { client, received } = await server((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(zipped.subarray(0, zipped.length - 20));
    });
    const error = await failureOf(client({ tries: 2 }).get_leaf_list({ project: 1 }));
    expect(error.code).toBe('garbled-answer');
    expect(received).toHaveLength(2);
  });

  it('does not count when the connection breaks inside it', async () => {
    const { client } = await server((_, response) => {
      response.writeHead(200, { 'content-length': whole.length });
      response.write(whole.slice(0, 100), () => response.destroy());
    });
    const error = await failureOf(client({ tries: 1 }).get_leaf_list({ project: 1 }));
    expect(error).toMatchObject({ code: 'garbled-answer', reached: 'unknown', retry: true });
  });

  it('does not count when a portal answers a page, or an object stands where a list is due', async () => {
    const { client } = await server((request, response) => {
      if (request.url.pathname.endsWith('/1')) response.writeHead(200).end('<html>Please sign in</html>');
      else json(response, 200, { message: 'hello' });
    });
    const page = await failureOf(client({ tries: 1 }).get_leaf_list({ project: 1 }));
    const object = await failureOf(client({ tries: 1 }).get_leaf_list({ project: 2 }));
    expect([page.code, object.code]).toEqual(['garbled-answer', 'garbled-answer']);
  });

  it('is read whole when gzip is whole', async () => {
    const { client } = await server((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(whole));
    });
    expect(await client().get_leaf_list({ project: 1 })).toHaveLength(500);
  });
});

describe('repeating', () => {
  it('a read is done until the server is ready again', async () => {
    const { client, received } = await server((_, response, nth) => {
      if (nth < 3) response.writeHead(502).end('<html>Bad gateway</html>');
      else json(response, 200, []);
    });
    expect(await client().get_media_list({ project: 1 })).toEqual([]);
    expect(received).toHaveLength(3);
  });

  it('ends after the tries that were allowed', async () => {
    const { client, received } = await server((_, response) => response.writeHead(503).end());
    const error = await failureOf(client({ tries: 3 }).get_media_list({ project: 1 }));
    expect(error).toMatchObject({ code: 'server-busy', status: 503 });
    expect(received).toHaveLength(3);
  });

  it.each([
    [
      'POST',
      (c: Awaited<ReturnType<typeof server>>) =>
        c.client().create_localization_list({ project: 1, body: [] }),
    ],
    [
      'PATCH',
      (c: Awaited<ReturnType<typeof server>>) =>
        c.client().update_localization({ id: 1, body: { frame: 1 } }),
    ],
    ['DELETE', (c: Awaited<ReturnType<typeof server>>) => c.client().delete_localization({ id: 1 })],
    [
      'PUT that writes',
      (c: Awaited<ReturnType<typeof server>>) =>
        c.client().replace_attribute_type({
          id: 1,
          body: { entity_type: 'MediaType', current_name: 'a', attribute_type_update: { name: 'a' } },
        }),
    ],
  ])('a %s is never done, because it may have been carried out', async (_method, call) => {
    const running = await server((_, response) => response.destroy());
    const error = await failureOf(call(running));
    expect(error.reached).toBe('unknown');
    expect(running.received).toHaveLength(1);
  });

  it('is not done where the server refused', async () => {
    const { client, received } = await server((_, response) => json(response, 403, { message: 'no' }));
    expect((await failureOf(client().get_media({ id: 1 }))).code).toBe('forbidden');
    expect(received).toHaveLength(1);
  });

  it('is done after a throttle, which Tator says with a 400', async () => {
    const { client, received } = await server((_, response, nth) => {
      if (nth === 1)
        json(response, 400, { message: 'Request was throttled. Expected available in 1 second.' });
      else json(response, 200, 5);
    });
    expect(await client().get_media_count({ project: 1 })).toBe(5);
    expect(received).toHaveLength(2);
  });
});

describe('ending a call', () => {
  it('by its own signal says cancelled', async () => {
    const abort = new AbortController();
    const { client } = await server(() => abort.abort());
    const error = await failureOf(client().get_media({ id: 1 }, { signal: abort.signal }));
    expect(error.code).toBe('cancelled');
  });

  it("by the client's signal says cancelled, also between two tries", async () => {
    const abort = new AbortController();
    const { client, received } = await server((_, response) => {
      response.writeHead(503, { 'retry-after': '60' }).end();
      setTimeout(() => abort.abort(), 20);
    });
    const error = await failureOf(client({ signal: abort.signal }).get_media({ id: 1 }));
    expect(error.code).toBe('cancelled');
    expect(received).toHaveLength(1);
  });

  it('by the silence of the server says timeout', async () => {
    const { client } = await server(() => undefined);
    expect((await failureOf(client({ tries: 1 }).get_media({ id: 1 }, { timeout: 40 }))).code).toBe(
      'timeout',
    );
  });

  it('does not happen while the answer keeps coming, however long it takes', async () => {
    const { client } = await server((_, response) => {
      response.writeHead(200).write('[');
      const timer = setInterval(() => response.write(' '), 25);
      setTimeout(() => {
        clearInterval(timer);
        response.end(']');
      }, 400);
    });
    expect(await client({ tries: 1 }).get_leaf_list({ project: 1 }, { timeout: 200 })).toEqual([]);
  });

  it('without a server says offline', async () => {
    const running = await serve(() => undefined);
    await running.close();
    expect((await failureOf(running.client({ tries: 1 }).whoami())).code).toBe('offline');
  });
});

describe('a call that would touch more than was named', () => {
  it.each([
    ['a bulk delete without ids or count', 'delete_localization_list', { project: 1, type: 2 }],
    ['a bulk delete with a window only', 'delete_media_list', { project: 1, start: 0, stop: 10 }],
    [
      'a bulk edit with an empty id list',
      'update_state_list',
      { project: 1, body: { ids: [], attributes: {} } },
    ],
    ['an empty id list beside a count', 'delete_leaf_list', { project: 1, count: 2, body: { ids: [] } }],
    ['an empty list in the query', 'delete_localization_list', { project: 1, media_id: [] }],
    ['a misspelt filter', 'delete_localization_list', { project: 1, count: 1, medai_id: [1] }],
    ['cancelling all jobs of a project', 'delete_job_list', { project: 1 }],
    ['a read by an empty list', 'get_media_list_by_id', { project: 1, body: { ids: [] } }],
  ] as const)('is refused before it is sent: %s', async (_what, name, args) => {
    const { client, received } = await server((_, response) => json(response, 200, { message: 'done' }));
    const error = await failureOf(client().call(name, args));
    expect(error).toMatchObject({ code: 'would-widen', reached: 'not-sent', advice: 'stop' });
    expect(received).toHaveLength(0);
  });

  it.each([
    ['with a count', 'delete_localization_list', { project: 1, type: 2, count: 3 }],
    ['with ids', 'delete_localization_list', { project: 1, body: { ids: [4] } }],
    [
      'with elemental ids',
      'update_state_list',
      { project: 1, body: { elemental_ids: ['e'], attributes: { a: 1 } } },
    ],
  ] as const)('is told from one that is narrow: %s', async (_what, name, args) => {
    const { client, received } = await server((_, response) => json(response, 200, { message: 'done' }));
    await client().call(name, args);
    expect(received).toHaveLength(1);
  });

  it('is told from one that is merely malformed', async () => {
    const { client, received } = await server((_, response) => json(response, 200, []));
    expect((await failureOf(client().call('get_media_list', { project: 'x' }))).code).toBe('bad-request');
    expect(received).toHaveLength(0);
  });
});
