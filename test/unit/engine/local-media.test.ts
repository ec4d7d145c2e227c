import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { LocalMedia } from '../../../src/contract/host-rpc.ts';
import { LocalMedias } from '../../../src/engine/local-media.ts';
import { recorderOf } from '../../../src/engine/recorder.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { ServerMedia } from '../../../src/sync/ports.ts';
import { FakeHost } from './fake-host.ts';

const key = '6f1a3c1e-4c58-4b7e-9d0c-0d2a52cf2f10';
const fetched: LocalMedia = {
  ...{ key, account: 'ana', projectId: 1, sectionId: null, name: 'reef.mp4', size: 9, addedAt: 1 },
  ...{ fetchedFrom: 4, stage: { kind: 'ready' }, hasThumbnail: false, plays: 'source' },
  probe: {
    ...{ kind: 'video', width: 640, height: 360, codec: 'h264', frameCount: 30, duration: 1, fps: 30 },
    ...{ hasAudio: false, frameTableDigest: null, md5: '0'.repeat(32) },
  },
};
const listed: ServerMedia = {
  ...{ key, serverId: 4, projectId: 1, type: 2, kind: 'video', name: 'reef.mp4', sectionId: null },
  ...{ width: 640, height: 360, frameCount: 30, fps: 30, attributes: {}, raw: {} },
};

async function laptop(local: LocalMedia[]) {
  let seq = 0;
  const host = new FakeHost({
    'recorder.append': () => ({ seq: ++seq }),
    'recorder.read': () => ({ entries: [], first: 1, last: 0 }),
    'media.list': () => local,
    'cache.protect': () => ({}),
    'uploads.enqueue': () => ({}),
  });
  const clock = systemClock();
  const { store, sync, device } = await openStore({
    ...{ accountId: 'ana', recorder: recorderOf(host, 'ana'), clock },
    makeId: () => crypto.randomUUID(),
    dexie: { indexedDB: new IDBFactory(), IDBKeyRange },
  });
  const medias = new LocalMedias({ host, account: 'ana', device, clock });
  const told = () =>
    host.asked.filter(({ method }) => method === 'cache.protect').map(({ params }) => params);
  const draw = () =>
    store.apply({
      ...{ projectId: 1, media: key, label: 'history.draw' },
      changes: [
        {
          ...{ kind: 'create', type: 3, media: key, fields: { frame: 0 } },
          ref: { kind: 'localization', version: 1, elementalId: crypto.randomUUID() },
        },
      ],
    });
  return { medias, sync, device, told, draw, asked: () => host.asked };
}

describe('a media that was fetched from a server', () => {
  it('is never sent to the server as a new one, not even where the database was lost', async () => {
    const { medias, sync, device } = await laptop([fetched]);
    await medias.enterAll();
    expect(await sync.outbox(1)).toEqual([]);
    expect(await device.mediaRecord(key)).toBeUndefined();
    await sync.putServerMedia(1, [listed], { complete: true });
    await medias.enterAll();
    expect(await device.mediaRecord(key)).toMatchObject({ serverId: 4, local: true });
    expect(await sync.outbox(1)).toEqual([]);
  });

  it('is what the server says of it again, once its file has left the device', async () => {
    const { medias, sync, device } = await laptop([fetched]);
    await sync.putServerMedia(1, [listed], { complete: true });
    await medias.enterAll();
    await medias.forget(key);
    expect(await device.mediaRecord(key)).toMatchObject({ local: false });
    for (let listing = 0; listing < 2; listing++) await sync.putServerMedia(1, [], { complete: true });
    expect(await device.mediaRecord(key)).toBeUndefined();
  });
});

describe('a file that was added on this device', () => {
  const { fetchedFrom: _fetchedFrom, ...added } = fetched;
  const orders = (asked: FakeHost['asked']) =>
    asked.flatMap(({ method, params }) => (method === 'uploads.enqueue' ? [params] : []));

  it('is uploaded, also where the server was known to have the media before its file was entered here', async () => {
    const { medias, sync, asked } = await laptop([added]);
    // The database was lost after the create, before the upload was ordered.
    await sync.putServerMedia(1, [listed], { complete: true });
    await medias.orderUploads(1);
    await medias.orderUploads(1);
    expect(orders(asked())).toMatchObject([{ account: 'ana', projectId: 1, mediaKey: key, mediaId: 4 }]);
  });

  it('is not uploaded again where the server has it', async () => {
    const { medias, sync, asked } = await laptop([added]);
    const raw = { media_files: { archival: [{ path: '1/4/reef.mp4', size: 9 }] } };
    await sync.putServerMedia(1, [{ ...listed, raw }], { complete: true });
    await medias.orderUploads(1);
    expect(orders(asked())).toEqual([]);
  });
});

describe('what the host must not remove to make room', () => {
  it('is told to it: media with unsynced work, and those that the server has no more', async () => {
    const { medias, sync, told, draw } = await laptop([fetched]);
    await sync.putServerMedia(1, [listed], { complete: true });
    await medias.enterAll();
    await medias.protect();
    expect(told()).toEqual([{ account: 'ana', unsynced: [], onlyHere: [] }]);
    await draw();
    await medias.protect();
    expect(told().at(-1)).toMatchObject({ unsynced: [key], onlyHere: [] });
    await sync.putServerMedia(1, [], { complete: true });
    await medias.protect();
    expect(told().at(-1)).toMatchObject({ unsynced: [key], onlyHere: [key] });
  });

  it('is told once, and again to a host that came back', async () => {
    const { medias, told } = await laptop([]);
    await medias.protect();
    await medias.protect();
    expect(told()).toHaveLength(1);
    medias.hostIsBack();
    await medias.protect();
    expect(told()).toHaveLength(2);
  });
});
