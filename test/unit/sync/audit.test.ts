import { describe, expect, it } from 'vitest';
import { audit } from '../../../src/sync/pull.ts';
import { stockTraits, type ServerPort, type ServerRow } from '../../../src/sync/ports.ts';
import type { SyncDeps } from '../../../src/sync/deps.ts';
import { Permissions } from '../../../src/sync/permissions.ts';
import { Refusals } from '../../../src/sync/refusals.ts';
import type { OpenedStore } from '../../../src/store/open-store.ts';
import { makeWorld, media, now, refOf, rowOf, serve } from '../store/support.ts';

const rows = ['a', 'b', 'c'].map((id, i) => rowOf(refOf(id), { rowId: i + 1 }));
const what = { projectId: 1, kind: 'localization', media, mediaId: 9 } as const;

/** The engine's parts over a server that tells these rows; counts what the storage is asked to revise. */
function depsOf(opened: OpenedStore, told: readonly ServerRow[]): { deps: SyncDeps; revised: () => number } {
  let revised = 0;
  const storage = new Proxy(opened.sync, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name === 'revise')
        return (...args: Parameters<OpenedStore['sync']['revise']>) => {
          revised += args[0].length;
          return target.revise(...args);
        };
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const deps: SyncDeps = {
    storage,
    // An audit asks for marks alone.
    server: { readMarks: async () => ({ ok: true, value: [...told] }) } as Partial<ServerPort> as ServerPort,
    clock: { now: () => 1, after: () => () => undefined },
    makeId: () => 'id',
    traits: stockTraits,
    refusals: new Refusals(),
    permissions: new Permissions(),
  };
  return { deps, revised: () => revised };
}

describe('the audit of a media', () => {
  it('touches nothing where the server tells what is known', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const { deps, revised } = depsOf(opened, rows);
    expect(await audit(deps, what)).toEqual({ kind: 'done' });
    expect(revised()).toBe(0);
  });

  it('takes over a row that was rewritten without moving mark or clock', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const silent = { ...rows[1]!, fields: { frame: 77 } };
    await audit(depsOf(opened, [rows[0]!, silent, rows[2]!]).deps, what);
    expect((await now(opened.store.annotations(media, [])))[1]).toMatchObject({ fields: { frame: 77 } });
  });

  it('takes a row as gone when two audits in a row miss it, not when it was there in between', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const missing = rows.slice(1);
    const count = async (): Promise<number> => (await now(opened.store.annotations(media, []))).length;
    await audit(depsOf(opened, missing).deps, what);
    await audit(depsOf(opened, rows).deps, what);
    await audit(depsOf(opened, missing).deps, what);
    expect(await count()).toBe(3);
    await audit(depsOf(opened, missing).deps, what);
    expect(await count()).toBe(2);
  });

  it('takes the newest of several marks of one element, and never one version for another', async () => {
    const opened = await makeWorld().open();
    const newer = rowOf(refOf('a'), { rowId: 9, mark: 1, fields: { frame: 8 } });
    const other = rowOf(refOf('a', 2), { rowId: 5, fields: { frame: 6 } });
    for (const told of [
      [newer, rows[0]!],
      [rows[0]!, newer],
      [rows[0]!, newer, other],
    ])
      await audit(depsOf(opened, told).deps, what);
    const shown = await now(opened.store.annotations(media, []));
    expect(shown.map(({ ref, fields }) => [ref.version, fields.frame])).toEqual([
      [1, 8],
      [2, 6],
    ]);
  });
});
