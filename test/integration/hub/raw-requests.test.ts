import { gzipSync } from 'node:zlib';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from '../../support/hub.ts';
import { sampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let path: string;

beforeAll(async () => {
  hub = await startTestHub();
  path = `/rest/Localizations/${(await sampleIds(hub.client())).project}`;
});

afterAll(() => hub.stop());

interface Raw {
  body: string | Buffer;
  headers?: Record<string, string>;
}

/** A POST whose body is sent as it is. */
function post({ body, headers = {} }: Raw): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const own = { authorization: `Token ${hub.token}`, 'content-type': 'application/json', ...headers };
    const sent = request(hub.url + path, { method: 'POST', headers: own }, (reply) => {
      let text = '';
      reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('a body that is no JSON of the operation', () => {
  it.each<[string, Raw]>([
    ['cut off', { body: '[{"type":' }],
    ['empty', { body: '' }],
    ['of another kind', { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['of a kind that is none', { body: '[]', headers: { 'content-type': ';;;' } }],
    ['no UTF-8', { body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }],
    ['compressed', { body: gzipSync('[]'), headers: { 'content-encoding': 'gzip' } }],
    ['nested 100,000 deep', { body: '['.repeat(100_000) + ']'.repeat(100_000) }],
    ['with a prototype in it', { body: '[{"__proto__":{"type":1}}]' }],
    ['a number of 100,000 digits', { body: '9'.repeat(100_000) }],
  ])('%s is refused with the error of the API', async (_what, raw) => {
    const { status, text } = await post(raw);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ message: expect.any(String) });
  });

  it('larger than what is read is refused without being read whole', async () => {
    const outcome = await post({ body: Buffer.alloc(200 * 1024 ** 2, 0x20) }).catch(
      (error: unknown) => error,
    );
    // The answer may be lost when the connection is closed in the middle of the sending.
    if (!(outcome instanceof Error)) expect(outcome).toMatchObject({ status: 400 });
    expect((await fetch(`${hub.url}/rest/TidemarkHub`)).status).toBe(200);
  });

  it('that never comes whole does not keep others waiting', async () => {
    const socket = connect(Number(new URL(hub.url).port), '127.0.0.1');
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Token ${hub.token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[`,
    );
    expect((await fetch(`${hub.url}/rest/TidemarkHub`)).status).toBe(200);
    socket.destroy();
  });

  it('does not matter to what is no HTTP at all', async () => {
    const socket = connect(Number(new URL(hub.url).port), '127.0.0.1');
    const answer = new Promise<string>((resolve) =>
      socket.once('data', (chunk) => resolve(chunk.toString())),
    );
    socket.write('\u0016\u0003\u0001 hello\r\n\r\n');
    expect(await answer).toContain('400');
    socket.destroy();
  });
});
