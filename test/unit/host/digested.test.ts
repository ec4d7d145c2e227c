import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { tatorCalls } from '../../../src/host/accounts/tator-calls.ts';
import { digested } from '../../../src/host/digested.ts';
import { serve, type Respond } from '../api/server.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Reads the localizations of a real server that answers so, unless they are the known ones. */
async function readerOf(respond: Respond) {
  const { host, close } = await serve(respond);
  open.push(close);
  const call = tatorCalls({ clock: systemClock(), random: () => 0 });
  return (known: string) =>
    digested(known, (isKnown) =>
      call({ host, token: 'abc' }, 'get_localization_list', { project: 1 }, { isKnown }),
    );
}

describe('an answer that is told by its digest', () => {
  it('is left out where it is the known one, and handed over where a byte differs', async () => {
    let text = '[{"id":7}]';
    const read = await readerOf((_, response) => response.writeHead(200).end(text));
    const first = await read('');
    expect(first.value).toEqual([{ id: 7 }]);
    expect(first.prints).toHaveLength(1);
    expect(await read(first.digest)).toEqual({ value: null, digest: first.digest, prints: [] });
    text = '[{"id":8}]';
    const other = await read(first.digest);
    expect(other.value).toEqual([{ id: 8 }]);
    expect(other.digest).not.toBe(first.digest);
  });

  it('is none where the list ends in the middle or the server refuses', async () => {
    const cut = await readerOf((_, response) => response.writeHead(200).end('[{"id":7},'));
    await expect(cut('')).rejects.toMatchObject({ code: 'garbled-answer' });
    const refused = await readerOf((_, response) => response.writeHead(400).end('{"message":"no"}'));
    await expect(refused('')).rejects.toMatchObject({ code: 'rejected' });
  });
});
