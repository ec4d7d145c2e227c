import { describe, expect, it } from 'vitest';
import { TidemarkError, type Fault } from '../../../../src/contract/errors.ts';
import type { CacheState, Fetch } from '../../../../src/contract/host-fetches.ts';
import { fetchesView } from '../../../../src/renderer/features/packs/fetch-view.ts';
import { packPlan } from '../../../../src/renderer/features/packs/pack-plan.ts';
import { PacksController } from '../../../../src/renderer/features/packs/packs-controller.svelte.ts';
import { CacheController } from '../../../../src/renderer/features/settings/cache-controller.svelte.ts';
import { cacheLimitOf, cacheLimitOptions } from '../../../../src/renderer/features/settings/cache-limits.ts';
import { FakeHost, type Answers } from '../../engine/fake-host.ts';

const cache: CacheState = {
  fetched: { count: 1, bytes: 10 },
  ...{ pinned: { count: 0, bytes: 0 }, own: { count: 0, bytes: 0 }, evictable: { count: 1, bytes: 10 } },
  ...{ free: 1e12, reserve: 5, limit: null },
};
const files = { streaming: [{ path: 'a', size: 100, height: 720 }], image: [], archival: [] };
const items = [{ key: 'k', name: 'reef.mp4', mediaId: 4, files }];

function packsOver(answers: Answers) {
  const told: string[] = [];
  const host = new FakeHost({
    'cache.state': () => cache,
    'fetches.rate': () => ({ rate: 50 }),
    ...answers,
  });
  const packs = new PacksController({
    host,
    ...{ account: () => 'ana', projectId: 1 },
    onFault: ({ code }: Fault) => told.push(code),
    onRemoved: (name) => told.push(`removed ${name}`),
    onKept: (name, reason) => told.push(`kept ${name}: ${reason}`),
  });
  return { packs, host, told, asked: () => host.asked.map(({ method }) => method) };
}
const planOf = (): ReturnType<typeof packPlan> => packPlan(items, { height: null, cache, rate: null });

describe('the confirm panel of a fetch', () => {
  it('orders nothing before it is confirmed, and what it showed afterwards', async () => {
    const { packs, host, asked } = packsOver({ 'fetches.begin': () => ({}) });
    await packs.ask(items);
    expect(asked()).not.toContain('fetches.begin');
    expect(packs.fetching).toMatchObject({ cache, rate: { kind: 'known', rate: 50 } });
    packs.choose({ height: 480, pinned: true });
    await packs.fetch(planOf());
    expect(host.asked.at(-1)?.params).toMatchObject({
      ...{ account: 'ana', projectId: 1, height: 480, pinned: true },
      media: [{ mediaId: 4, mediaKey: 'k', bytes: 100 }],
    });
    expect(packs.fetching).toBeNull();
  });

  it('stays open with the reason where the host refuses', async () => {
    const { packs } = packsOver({
      'fetches.begin': () => {
        throw new TidemarkError('disk-full', { message: 'It needs more.' });
      },
    });
    await packs.ask(items);
    await packs.fetch(planOf());
    expect(packs.fetching).toMatchObject({ busy: false, fault: { message: 'It needs more.' } });
  });

  it('says that the pace is not known where it cannot be measured', async () => {
    const { packs } = packsOver({ 'fetches.rate': () => ({ rate: null }) });
    await packs.ask(items);
    expect(packs.fetching?.rate).toEqual({ kind: 'unknown' });
  });

  it('takes no late answer for another question', async () => {
    let answer: (value: { rate: number }) => void = () => undefined;
    const { packs } = packsOver({
      'fetches.rate': () => new Promise((resolve) => (answer = resolve)),
    });
    const first = packs.ask(items);
    await Promise.resolve();
    packs.dismiss();
    answer({ rate: 1 });
    await first;
    expect(packs.fetching).toBeNull();
  });
});

describe('removing a media from the device', () => {
  const question = { mediaKey: 'k', name: 'reef.mp4', bytes: 1, own: false };

  it('is asked first, and told when it is done', async () => {
    const { packs, told, asked } = packsOver({ 'cache.evict': () => ({ removed: ['k'], kept: [] }) });
    packs.askToRemove(question);
    expect(asked()).toEqual([]);
    await packs.remove();
    expect(told).toEqual(['removed reef.mp4']);
    expect(packs.removing).toBeNull();
  });

  it('tells why it was kept', async () => {
    const kept = [{ mediaKey: 'k', reason: 'only-copy' }];
    const { packs, told } = packsOver({ 'cache.evict': () => ({ removed: [], kept }) });
    packs.askToRemove(question);
    await packs.remove();
    expect(told).toEqual(['kept reef.mp4: only-copy']);
  });
});

describe('the list of fetches', () => {
  const fetch: Fetch = {
    ...{ mediaKey: 'a', account: 'ana', projectId: 1, mediaId: 1, name: 'a.mp4', size: 100, done: 50 },
    ...{ speed: 25, addedAt: 1, pinned: false, usedAt: 1, state: { kind: 'receiving' } },
  };
  const paused: Fetch = { ...fetch, mediaKey: 'p', speed: null, state: { kind: 'paused' } };
  const done: Fetch = { ...fetch, mediaKey: 'd', addedAt: 0, done: 100, state: { kind: 'done' } };

  it('shows what is underway before what is here, with what is left and when it is done', () => {
    const view = fetchesView([done, paused, fetch], 10);
    expect(view.rows.map(({ mediaKey }) => mediaKey)).toEqual(['p', 'a', 'd']);
    expect(view.summary).toBe('1 media, 50 B to fetch · done in less than a minute · 1 media paused');
    expect(view).toMatchObject({ pausable: ['a'], resumable: ['p'], underway: 1 });
  });

  it('claims no end where nothing arrives', () => {
    expect(fetchesView([{ ...fetch, speed: null }], 10).summary).toBe('1 media, 50 B to fetch');
    expect(fetchesView([done], 10).summary).toBe('1 media fetched');
  });
});

describe('the limit of the cache', () => {
  const over = (forecast: { count: number; bytes: number; over: number }) => {
    const host = new FakeHost({
      'cache.forecast': () => forecast,
      'cache.setLimit': () => cache,
      'cache.state': () => cache,
      'cache.evictTo': () => ({ count: 1, bytes: 10 }),
    });
    return { controller: new CacheController(host), asked: () => host.asked.map(({ method }) => method) };
  };

  it('is set at once where nothing has to go for it', async () => {
    const { controller, asked } = over({ count: 0, bytes: 0, over: 0 });
    await controller.chooseLimit(5e9);
    expect(asked()).toEqual(['cache.forecast', 'cache.setLimit']);
  });

  it('is asked about where files would go, and not set until that is confirmed', async () => {
    const { controller, asked } = over({ count: 2, bytes: 20, over: 3 });
    await controller.chooseLimit(5e9);
    expect(asked()).toEqual(['cache.forecast']);
    expect(controller.question).toMatchObject({ kind: 'limit', limit: 5e9, count: 2, over: 3 });
    await controller.confirm();
    expect(asked()).toContain('cache.setLimit');
    expect(controller.question).toBeNull();
  });

  it('removes all that may go only when that is confirmed', async () => {
    const { controller, asked } = over({ count: 2, bytes: 20, over: 0 });
    await controller.askToEvict();
    expect(asked()).toEqual(['cache.forecast']);
    await controller.confirm();
    expect(asked()).toContain('cache.evictTo');
  });

  it('offers a limit that was set elsewhere among the others', () => {
    expect(cacheLimitOptions(7e9).map(({ label }) => label)).toContain('7 GB');
    expect(cacheLimitOf('none')).toBeNull();
    expect(cacheLimitOf(cacheLimitOptions(null)[1]?.value ?? '')).toBe(2e9);
  });
});
