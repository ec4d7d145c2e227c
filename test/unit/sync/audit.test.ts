import { describe, expect, it } from 'vitest';
import { KnownAnswers } from '../../../src/sync/known-answers.ts';
import { audit, nextAuditRows } from '../../../src/sync/pull.ts';
import { stockTraits, type ServerPort, type ServerRow } from '../../../src/sync/ports.ts';
import type { SyncDeps } from '../../../src/sync/deps.ts';
import { Permissions } from '../../../src/sync/permissions.ts';
import { Refusals } from '../../../src/sync/refusals.ts';
import type { OpenedStore } from '../../../src/store/open-store.ts';
import { digesting } from '../../simulation/tator-port.ts';
import { changeCommand, makeWorld, media, now, refOf, rowOf, serve } from '../store/support.ts';

const rows = ['a', 'b', 'c'].map((id, i) => rowOf(refOf(id), { rowId: i + 1 }));
const what = { projectId: 1, kind: 'localization', medias: [[media, 9]], rows: 4000 } as const;

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
    server: {
      readMarksUnless: digesting(async () => ({ ok: true, value: [...told] })),
    } as Partial<ServerPort> as ServerPort,
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
    expect(await audit(deps, what, new KnownAnswers())).toEqual({ outcome: { kind: 'done' }, taken: 1 });
    expect(revised()).toBe(0);
  });

  it('takes over a row that was rewritten without moving mark or clock', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const silent = { ...rows[1]!, fields: { frame: 77 } };
    await audit(depsOf(opened, [rows[0]!, silent, rows[2]!]).deps, what, new KnownAnswers());
    expect((await now(opened.store.annotations(media, [])))[1]).toMatchObject({ fields: { frame: 77 } });
  });

  it('takes a row as gone when two audits in a row miss it, not when it was there in between', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const missing = rows.slice(1);
    const count = async (): Promise<number> => (await now(opened.store.annotations(media, []))).length;
    await audit(depsOf(opened, missing).deps, what, new KnownAnswers());
    await audit(depsOf(opened, rows).deps, what, new KnownAnswers());
    await audit(depsOf(opened, missing).deps, what, new KnownAnswers());
    expect(await count()).toBe(3);
    await audit(depsOf(opened, missing).deps, what, new KnownAnswers());
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
      await audit(depsOf(opened, told).deps, what, new KnownAnswers());
    const shown = await now(opened.store.annotations(media, []));
    expect(shown.map(({ ref, fields }) => [ref.version, fields.frame])).toEqual([
      [1, 8],
      [2, 6],
    ]);
  });
});

describe('the audit of a media whose answer is known', () => {
  /** Audits with one memory; tells whether the rows were handed over. */
  function auditor(opened: OpenedStore) {
    const answers = new KnownAnswers();
    return async (told: readonly ServerRow[]): Promise<boolean> => {
      let handedOver = false;
      const { deps } = depsOf(opened, []);
      const readMarksUnless: ServerPort['readMarksUnless'] = async (query, known) => {
        const after = query.after ?? 0;
        const list = told.filter(({ rowId }) => rowId > after).slice(0, query.limit);
        const answer = await digesting(async () => ({ ok: true, value: list }))(query, known);
        if (answer.ok && answer.value.rows !== null) handedOver = true;
        return answer;
      };
      const server = { readMarksUnless } as Partial<ServerPort> as ServerPort;
      expect(await audit({ ...deps, server }, what, answers)).toEqual({
        outcome: { kind: 'done' },
        taken: 1,
      });
      return handedOver;
    };
  }

  it('is not handed the rows again while neither side changes', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const audited = auditor(opened);
    expect([await audited(rows), await audited(rows), await audited(rows)]).toEqual([true, false, false]);
  });

  it('sees a silent change of the server, and that it was taken back', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const audited = auditor(opened);
    const silent = [rows[0]!, { ...rows[1]!, fields: { frame: 77 } }, rows[2]!];
    const frame = async () => (await now(opened.store.annotations(media, [])))[1]?.fields.frame;
    await audited(rows);
    expect(await audited(silent)).toBe(true);
    expect(await frame()).toBe(77);
    expect(await audited(rows)).toBe(true);
    expect(await frame()).toBe(rows[1]!.fields.frame);
  });

  it('compares again what changed on the device', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const audited = auditor(opened);
    await audited(rows);
    await serve(opened, [{ ...rows[1]!, mark: 1, rowId: 9 }]);
    expect(await audited(rows)).toBe(true);
    await opened.store.apply(changeCommand(rows[0]!.ref, { frame: 5 }));
    expect(await audited(rows)).toBe(true);
  });

  it('reads what another one has changed once, not a second time', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    await auditor(opened)(rows);
    const silent = [rows[0]!, { ...rows[1]!, fields: { frame: 77 } }, rows[2]!];
    let calls = 0;
    const readMarksUnless: ServerPort['readMarksUnless'] = (query, known) => {
      calls += 1;
      return digesting(async () => ({ ok: true, value: silent }))(query, known);
    };
    const server = { readMarksUnless } as Partial<ServerPort> as ServerPort;
    await audit({ ...depsOf(opened, []).deps, server }, what, new KnownAnswers());
    expect(calls).toBe(1);
    expect((await now(opened.store.annotations(media, [])))[1]?.fields.frame).toBe(77);
  });

  it('knows it in another process too, and forgets there what the audit before had missed', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    await auditor(opened)(rows);
    const count = async (): Promise<number> => (await now(opened.store.annotations(media, []))).length;
    expect(await auditor(opened)(rows.slice(1))).toBe(true);
    expect(await auditor(opened)(rows)).toBe(false);
    expect(await auditor(opened)(rows.slice(1))).toBe(true);
    expect(await count()).toBe(3);
  });

  it('counts a row as missing only from the audit that first missed it', async () => {
    const opened = await makeWorld().open();
    await serve(opened, rows);
    const audited = auditor(opened);
    const count = async (): Promise<number> => (await now(opened.store.annotations(media, []))).length;
    for (const told of [rows, rows.slice(1), rows, rows, rows.slice(1)]) await audited(told);
    expect(await count()).toBe(3);
    expect(await audited(rows.slice(1))).toBe(true);
    expect(await count()).toBe(2);
  });

  it('knows a set of several lists, and reads all of it where the last one differs', async () => {
    const opened = await makeWorld().open();
    const many = Array.from({ length: 2500 }, (_, i) => rowOf(refOf(`e${i}`), { rowId: i + 1 }));
    await serve(opened, many);
    const audited = auditor(opened);
    expect([await audited(many), await audited(many)]).toEqual([true, false]);
    const silent = [...many.slice(0, -1), { ...many.at(-1)!, fields: { frame: 77 } }];
    expect(await audited(silent)).toBe(true);
    const shown = await now(opened.store.annotations(media, []));
    expect(shown).toHaveLength(2500);
    expect(shown.filter(({ fields }) => fields.frame === 77)).toHaveLength(1);
  });
});

describe('an audit of several medias', () => {
  const others = Array.from({ length: 8 }, (_, i) => `media ${i}`);
  const rowsAt = (at: string, count: number): ServerRow[] =>
    Array.from({ length: count }, (_, i) =>
      rowOf(refOf(`${at}/${i}`), { media: at, rowId: others.indexOf(at) * 10_000 + i + 1 }),
    );
  const told = (rows: readonly ServerRow[], asked: number[][]): ServerPort =>
    ({
      readMarksUnless: digesting(async ({ mediaIds = [], after = 0, limit }) => {
        asked.push(mediaIds);
        const list = rows.filter(
          ({ media: at, rowId }) => mediaIds.includes(others.indexOf(at)) && rowId > after,
        );
        return { ok: true, value: list.slice(0, limit) };
      }),
    }) as Partial<ServerPort> as ServerPort;
  const all = {
    projectId: 1,
    kind: 'localization',
    medias: others.map((at, i) => [at, i] as const),
    rows: 4000,
  } as const;

  it('asks for small ones together, and takes over what differs in each', async () => {
    const opened = await makeWorld().open();
    const known = others.flatMap((at) => rowsAt(at, 3));
    await serve(opened, known);
    const asked: number[][] = [];
    const { deps, revised } = depsOf(opened, []);
    const answers = new KnownAnswers();
    const run = (rows: readonly ServerRow[]) => audit({ ...deps, server: told(rows, asked) }, all, answers);
    expect(await run(known)).toEqual({ outcome: { kind: 'done' }, taken: 6 });
    expect(asked).toEqual([[0, 1, 2, 3, 4, 5]]);
    expect(revised()).toBe(0);
    const silent = known.map((row) => (row.media === 'media 2' ? { ...row, fields: { frame: 77 } } : row));
    await run(silent);
    expect(revised()).toBe(3);
    expect(await now(opened.store.annotations('media 2', []))).toMatchObject([
      { fields: { frame: 77 } },
      { fields: { frame: 77 } },
      { fields: { frame: 77 } },
    ]);
    // What another media misses counts from the second time, for that media alone.
    const fewer = silent.filter(({ ref }) => ref.elementalId !== 'media 4/1');
    await run(fewer);
    expect(await now(opened.store.annotations('media 4', []))).toHaveLength(3);
    await run(fewer);
    expect(await now(opened.store.annotations('media 4', []))).toHaveLength(2);
    expect(await now(opened.store.annotations('media 5', []))).toHaveLength(3);
  });

  it('asks for fewer at once where they have more rows than are wanted', async () => {
    const opened = await makeWorld().open();
    const known = others.flatMap((at) => rowsAt(at, 3));
    await serve(opened, known);
    const { deps } = depsOf(opened, []);
    const server = told(known, []);
    const taken = async (rows: number): Promise<number> =>
      (await audit({ ...deps, server }, { ...all, rows }, new KnownAnswers())).taken;
    expect([await taken(1), await taken(6), await taken(11)]).toEqual([1, 2, 3]);
  });

  it('wants more rows of a fast link, and fewer of a slow one, within bounds', () => {
    expect(nextAuditRows(250, 20)).toBe(500);
    expect(nextAuditRows(4000, 20)).toBe(4000);
    expect(nextAuditRows(1000, 600)).toBe(1000);
    expect(nextAuditRows(1000, 8000)).toBe(500);
    expect(nextAuditRows(250, 8000)).toBe(250);
  });

  it('asks for a large one alone', async () => {
    const opened = await makeWorld().open();
    const known = [...rowsAt('media 0', 2), ...rowsAt('media 1', 4500), ...rowsAt('media 2', 1)];
    await serve(opened, known);
    const asked: number[][] = [];
    const { deps, revised } = depsOf(opened, []);
    const server = told(known, asked);
    const from = async (n: number): Promise<number> => {
      const what = { ...all, medias: all.medias.slice(n) };
      return (await audit({ ...deps, server }, what, new KnownAnswers())).taken;
    };
    expect(await from(0)).toBe(1);
    expect(await from(1)).toBe(1);
    expect(new Set(asked.map(String))).toEqual(new Set(['0', '1']));
    expect(revised()).toBe(0);
  });
});
