import { describe, expect, it } from 'vitest';
import { pull } from '../../../src/sync/pull.ts';
import { stockTraits, type ServerPort, type SyncStorage } from '../../../src/sync/ports.ts';
import type { SyncDeps } from '../../../src/sync/deps.ts';
import { Permissions } from '../../../src/sync/permissions.ts';
import { Refusals } from '../../../src/sync/refusals.ts';
import { makeWorld, media, refOf, rowOf } from '../store/support.ts';

const rows = Array.from({ length: 4500 }, (_, i) => rowOf(refOf(`e${i}`), { rowId: i + 1 }));

/** The engine's parts over a server with these rows, of which a list `takes` ms; notes each question and each write as it begins. */
function depsOf(
  sync: SyncStorage,
  steps: string[],
  { isFull = false, takes = 1000 }: { isFull?: boolean; takes?: number } = {},
): SyncDeps {
  let now = 0;
  const storage = new Proxy(sync, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name === 'revise')
        return (...args: Parameters<SyncStorage['revise']>) => {
          steps.push(`write ${args[0].length}`);
          return isFull ? Promise.reject(new Error('disk full')) : target.revise(...args);
        };
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const readMarks: ServerPort['readMarks'] = async ({ after = 0, limit }) => {
    steps.push(`ask for ${limit} after ${after}`);
    now += takes;
    return { ok: true, value: rows.filter(({ rowId }) => rowId > after).slice(0, limit) };
  };
  return {
    storage,
    // A first pull asks for marks alone.
    server: { readMarks } as Partial<ServerPort> as ServerPort,
    clock: { now: () => now, after: () => () => undefined },
    makeId: () => 'id',
    traits: stockTraits,
    refusals: new Refusals(),
    permissions: new Permissions(),
  };
}

describe('a first pull', () => {
  it('has the server work on the next list while one is written, and writes them in their order', async () => {
    const { sync } = await makeWorld().open();
    const steps: string[] = [];
    expect(await pull(depsOf(sync, steps), 1, 'localization')).toEqual({ kind: 'done' });
    expect(steps).toEqual([
      'ask for 2000 after 0',
      'ask for 2000 after 2000',
      'write 2000',
      'ask for 2000 after 4000',
      'write 2000',
      'write 500',
    ]);
    expect(await sync.marksOf(media, 'localization')).toHaveLength(4500);
    expect(await sync.cursor('log/1/localization')).toMatchObject({ after: 4500 });
  });

  it.each([
    ['longer lists over a fast link', 50, ['2000 after 0', '3000 after 2000']],
    [
      'shorter ones over a slow link',
      9000,
      ['2000 after 0', '1000 after 2000', ...[3000, 3500, 4000, 4500].map((after) => `500 after ${after}`)],
    ],
  ])('asks for %s', async (_, takes, asked) => {
    const { sync } = await makeWorld().open();
    const steps: string[] = [];
    expect(await pull(depsOf(sync, steps, { takes }), 1, 'localization')).toEqual({ kind: 'done' });
    expect(steps.filter((step) => step.startsWith('ask'))).toEqual(asked.map((what) => `ask for ${what}`));
    expect(await sync.marksOf(media, 'localization')).toHaveLength(4500);
  });

  it('goes no further than what could be written', async () => {
    const { sync } = await makeWorld().open();
    const deps = depsOf(sync, [], { isFull: true });
    await expect(pull(deps, 1, 'localization')).rejects.toThrow('disk full');
    expect(await sync.cursor('log/1/localization')).toBeNull();
  });
});
