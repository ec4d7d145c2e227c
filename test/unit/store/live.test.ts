import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromQuery } from '../../../src/store/live.ts';
import { readMeta, writeMeta } from '../../../src/store/meta.ts';
import { makeDatabase } from '../../../src/store/schema.ts';
import './support.ts';

const db = makeDatabase('live', { indexedDB: new IDBFactory(), IDBKeyRange });

afterEach(() => db.meta.clear());

describe('a live query', () => {
  it('reads again only after those who wait for the change have gone on', async () => {
    const steps: string[] = [];
    await db.open();
    const stop = fromQuery(() => {
      steps.push('asks');
      return readMeta(db, 'name');
    }).subscribe((value) => steps.push(`told ${JSON.stringify(value)}`));
    await vi.waitFor(() => expect(steps).toEqual(['asks', 'told null']));
    await db.transaction('rw', db.meta, () => writeMeta(db, 'name', 'new'));
    steps.push('saved');
    await vi.waitFor(() => expect(steps).toHaveLength(5));
    expect(steps.slice(2)).toEqual(['saved', 'asks', 'told "new"']);
    stop();
  });

  it('tells the newest of changes that follow each other at once', async () => {
    const told: unknown[] = [];
    const stop = fromQuery(() => readMeta(db, 'name')).subscribe((value) => told.push(value));
    await vi.waitFor(() => expect(told).toEqual([null]));
    for (let n = 1; n <= 20; n += 1) await writeMeta(db, 'name', n);
    await vi.waitFor(() => expect(told.at(-1)).toBe(20));
    await writeMeta(db, 'name', 21);
    await vi.waitFor(() => expect(told.at(-1)).toBe(21));
    stop();
  });
});
