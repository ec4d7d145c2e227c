import { describe, expect, it } from 'vitest';
import { entityKey } from '../../../src/domain/identity.ts';
import type { ServerPort } from '../../../src/sync/ports.ts';
import type { ServerKind } from '../../simulation/script.ts';
import { deviceOn } from './device-on.ts';
import { ref as first } from './support.ts';

const media = 'm';
const others = { user: 99, ghost: false };
const refs = Array.from({ length: 40 }, (_, i) => ({ ...first, elementalId: `e${i}` }));

/** A device that has read 40 annotations of a server, and the questions that it asks. */
async function onServer(kind: ServerKind, { begunWithout = false, isEmpty = false } = {}) {
  const asked: string[] = [];
  const state = { isWithout: begunWithout, isAnother: false };
  const noting = (port: ServerPort): ServerPort =>
    new Proxy(port, {
      get: (target, name: keyof ServerPort) => {
        if (name === 'readChanges' && state.isWithout)
          return () => Promise.resolve({ ok: true, value: null });
        if (name === 'readChanges' && state.isAnother)
          return (id: number, cursor: string | null) =>
            cursor === null ? target.readChanges(id, null) : Promise.resolve({ ok: true, value: null });
        return (...args: never[]) => {
          asked.push(name);
          return (target[name] as (...what: never[]) => unknown)(...args);
        };
      },
    });
  const { tator, device, storage, round } = deviceOn(kind, noting);
  if (!isEmpty) {
    tator.addMedia({ elementalId: media, type: 3, fields: {} });
    for (const ref of refs)
      tator.create({ ref, type: 7, media, fields: { frame: 1, 'attributes.Old': 'a' } }, others);
  }
  const rounds = async (count: number): Promise<string[]> => {
    const from = asked.length;
    for (let i = 0; i < count; i += 1) await round(2000);
    return asked.slice(from);
  };
  await rounds(1);
  const framesOf = (...which: typeof refs) => which.map((ref) => device.state({ ref }).row?.fields.frame);
  const feed = () => storage.cursor('feed/1');
  return { tator, rounds, framesOf, feed, state, device };
}

describe('a device on a server that tells what changes', () => {
  it('asks one question where nothing happens, where it asks a stock server for its lists', async () => {
    const [hub, stock] = [await onServer('hub'), await onServer('stock')];
    expect(await hub.rounds(2)).toEqual(['readChanges', 'readChanges']);
    expect((await stock.rounds(2)).filter((name) => name === 'readMarks')).toHaveLength(6);
    const minute = async ({ rounds }: typeof hub) => (await rounds(30)).length;
    const [few, many] = [await minute(hub), await minute(stock)];
    expect(few).toBeLessThan(many / 3);
  });

  it('has it as the server does, also what moves no clock and what is gone', async () => {
    const { tator, rounds, framesOf, device } = await onServer('hub');
    const [silent, pruned, whole] = refs.map(entityKey) as [string, string, string];
    const before = tator.current(pruned)!;
    tator.rewrite(silent, { fields: { frame: 2 } }, false);
    tator.patch(before, { frame: 3 }, others);
    await rounds(1);
    expect(framesOf(...refs.slice(0, 3))).toEqual([2, 3, 1]);
    tator.prune(pruned, { whole: false });
    tator.prune(whole, { whole: true });
    await rounds(1);
    expect(framesOf(...refs.slice(0, 3))).toEqual([2, 1, undefined]);
    expect(device.state({ ref: refs[1]! }).row).toEqual(expect.objectContaining({ mark: before.mark }));
  });

  it('reads all again where more has changed than is named, and goes by all layers until audits went round twice', async () => {
    const { tator, rounds, framesOf, feed } = await onServer('hub');
    expect(await feed()).toMatchObject({ settled: true });
    tator.rename();
    tator.rewrite(entityKey(refs[0]!), { fields: { frame: 5 } }, false);
    await rounds(1);
    expect(framesOf(refs[0]!, refs[1]!)).toEqual([5, 1]);
    expect(await feed()).toMatchObject({ settled: false });
    expect(await rounds(1)).toContain('readMarks');
    await rounds(12);
    expect(await feed()).toMatchObject({ settled: true });
    expect(new Set(await rounds(1))).toEqual(new Set(['readChanges']));
  });

  it('is not settled at once where it knows annotations from before there was a feed', async () => {
    const { tator, rounds, framesOf, feed, state } = await onServer('hub', { begunWithout: true });
    expect(await feed()).toBeNull();
    // Nobody tells of this any more.
    tator.prune(entityKey(refs[0]!), { whole: true });
    state.isWithout = false;
    await rounds(1);
    expect(await feed()).toMatchObject({ settled: false });
    await rounds(15);
    expect(framesOf(refs[0]!)).toEqual([undefined]);
    expect(await feed()).toMatchObject({ settled: true });
  });

  it('reads all again where the server has not given out the cursor, as after a move to another hub', async () => {
    const { tator, rounds, framesOf, feed, state } = await onServer('hub');
    tator.rewrite(entityKey(refs[0]!), { fields: { frame: 8 } }, false);
    // From there nothing is told of it.
    state.isAnother = true;
    await rounds(1);
    expect(await feed()).toMatchObject({ settled: false });
    expect(framesOf(refs[0]!)).toEqual([8]);
  });

  it('is settled again where there is nothing to audit', async () => {
    const { rounds, feed, state } = await onServer('hub', { isEmpty: true });
    state.isAnother = true;
    await rounds(1);
    state.isAnother = false;
    expect(await feed()).toMatchObject({ settled: false });
    await rounds(12);
    expect(await feed()).toMatchObject({ settled: true });
  });

  it('keeps what it knows where the feed goes away, and reads it on later', async () => {
    const { tator, rounds, framesOf, state } = await onServer('hub');
    state.isWithout = true;
    tator.patch(tator.current(entityKey(refs[0]!))!, { frame: 6 }, others);
    await rounds(1);
    expect(framesOf(refs[0]!)).toEqual([6]);
    tator.rewrite(entityKey(refs[1]!), { fields: { frame: 7 } }, false);
    state.isWithout = false;
    await rounds(1);
    expect(framesOf(refs[0]!, refs[1]!)).toEqual([6, 7]);
  });
});
