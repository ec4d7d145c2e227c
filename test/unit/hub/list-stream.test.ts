import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { listStream } from '../../../src/hub/plugins/list-stream.ts';

const form = { name: 'json' } as const;

/** Rows without an end, and whether their source was given back. */
function endless(): { rows: AsyncGenerator<unknown[]>; released: Promise<void> } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  async function* rows(): AsyncGenerator<unknown[]> {
    try {
      for (let i = 0; ; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield [{ i, filling: Math.random().toString(36).repeat(50) }];
      }
    } finally {
      release();
    }
  }
  return { rows: rows(), released };
}

describe.each([false, true])('a list (gzip %s)', (gzip) => {
  it('gives its source back when the reader goes away in the middle', async () => {
    const { rows, released } = endless();
    const stream = await listStream(rows, { form, gzip });
    stream.resume();
    await once(stream, 'data');
    stream.destroy();
    await released;
  });

  it('gives its source back when the reader goes away before it begins', async () => {
    const { rows, released } = endless();
    const stream = await listStream(rows, { form, gzip });
    stream.destroy();
    await released;
  });

  it('fails when its source fails', async () => {
    async function* failing(): AsyncGenerator<unknown[]> {
      yield [1];
      await Promise.resolve();
      throw new Error('the database is gone');
    }
    const stream = await listStream(failing(), { form, gzip });
    await expect(text(stream)).rejects.toThrow('the database is gone');
  });

  it('is whole otherwise', async () => {
    async function* rows(): AsyncGenerator<unknown[]> {
      yield [1, 2];
      await Promise.resolve();
      yield [3];
    }
    const stream = await listStream(rows(), { form, gzip });
    expect(JSON.parse(await text(gzip ? stream.pipe(createGunzip()) : stream))).toEqual([1, 2, 3]);
  });
});
