import { describe, expect, it } from 'vitest';
import type { Fetch } from '../../../src/contract/host-fetches.ts';
import type { LocalMedia, Upload } from '../../../src/contract/host-rpc.ts';
import { mediaCards, type MediaCard } from '../../../src/renderer/features/library/media-card.ts';
import { statusText } from '../../../src/renderer/features/library/status-text.ts';
import type { MediaItem } from '../../../src/store/types.ts';

const local: LocalMedia = {
  key: 'k',
  account: 'a',
  projectId: 1,
  sectionId: null,
  name: 'dive.mp4',
  size: 100,
  addedAt: 5,
  stage: { kind: 'ready' },
  probe: null,
  hasThumbnail: true,
  plays: 'source',
};
const item: MediaItem = {
  key: 'k',
  projectId: 1,
  serverId: 9,
  type: 1,
  kind: 'video',
  name: 'dive.mp4',
  sectionId: 3,
  sectionKey: null,
  width: 1920,
  height: 1080,
  frameCount: 300,
  fps: 30,
  attributes: {},
  server: null,
  addedAt: 4,
  sync: 'synced',
};
const upload: Upload = {
  mediaKey: 'k',
  account: 'a',
  projectId: 1,
  mediaId: 9,
  name: 'dive.mp4',
  size: 1000,
  order: 0,
  parts: { done: 2, total: 7 },
  speed: null,
  state: { kind: 'sending', done: 25, total: 100 },
};

const fetch: Fetch = {
  mediaKey: 'k',
  account: 'a',
  projectId: 1,
  mediaId: 9,
  name: 'dive.mp4',
  size: 100,
  done: 25,
  speed: 5,
  addedAt: 50,
  pinned: false,
  usedAt: 50,
  state: { kind: 'receiving' },
};
const copying: LocalMedia = {
  ...local,
  addedAt: 50,
  stage: { kind: 'copying', done: 25, total: 100 },
  plays: 'nothing',
};

interface Known {
  items?: MediaItem[];
  local?: LocalMedia[];
  upload?: Upload;
  fetch?: Fetch;
}

function one(sources: Known): MediaCard | undefined {
  const uploads = new Map(sources.upload === undefined ? [] : [[sources.upload.mediaKey, sources.upload]]);
  const fetches = new Map(sources.fetch === undefined ? [] : [[sources.fetch.mediaKey, sources.fetch]]);
  const { items = [], local: here = [] } = sources;
  return mediaCards({ items, local: here, uploads, fetches, projectId: 1 })[0];
}

describe('a card of the library', () => {
  it('is one, however many sources know the media', () => {
    expect(
      mediaCards({
        ...{ items: [item], local: [local], projectId: 1 },
        ...{ uploads: new Map([['k', upload]]), fetches: new Map([['k', fetch]]) },
      }),
    ).toHaveLength(1);
  });

  it('shows a file that the store does not know yet, but none of another project', () => {
    expect(one({ local: [local] })?.name).toBe('dive.mp4');
    expect(one({ local: [{ ...local, projectId: 2 }] })).toBeUndefined();
  });

  it('tells of a fetch how far it is and how fast, and of a copy from this device that it is copied', () => {
    expect(one({ items: [item], local: [copying], fetch })?.status).toEqual({
      kind: 'fetching',
      state: 'receiving',
      fraction: 0.25,
      speed: 5,
      trouble: null,
    });
    expect(one({ local: [copying] })?.status).toMatchObject({ kind: 'working', what: 'copying' });
  });

  it('says why a fetch waits, and of a stopped one what to do', () => {
    const fault = { code: 'disk-full' as const, message: 'The disk is full.' };
    const held = one({
      ...{ items: [item], local: [copying] },
      fetch: { ...fetch, state: { kind: 'held', fault, retryAt: null } },
    });
    expect(held === undefined ? '' : statusText(held.status)).toBe('Fetching waits: The disk is full.');
    const stopped = one({
      ...{ items: [item], local: [copying] },
      fetch: { ...fetch, state: { kind: 'failed', fault, kept: 'K', remedy: 'R' } },
    });
    expect(stopped === undefined ? '' : statusText(stopped.status)).toBe(
      'Fetching stopped: The disk is full.',
    );
    expect(stopped?.status).toMatchObject({ trouble: { kept: 'K', remedy: 'R' } });
  });

  it('stands where it stood when its file comes to this device', () => {
    const other: MediaItem = { ...item, key: 'newer', name: 'newer.mp4', addedAt: 40 };
    const names = (here: LocalMedia[]): string[] =>
      mediaCards({
        ...{ items: [item, other], local: here, uploads: new Map(), projectId: 1 },
        fetches: new Map([['k', fetch]]),
      }).map(({ key }) => key);
    expect(names([copying])).toEqual(names([]));
    expect(names([])).toEqual(['newer', 'k']);
  });

  it('can leave the device only where the server has it', () => {
    const done: Fetch = { ...fetch, state: { kind: 'done' } };
    expect(one({ items: [item], local: [local], fetch: done })).toMatchObject({
      ...{ removable: true, origin: 'fetched' },
    });
    expect(one({ local: [local] })).toMatchObject({ removable: false, origin: 'own' });
    expect(one({ items: [item], local: [local], upload })?.removable).toBe(false);
    const sent: Upload = { ...upload, state: { kind: 'done' } };
    expect(one({ items: [item], local: [local], upload: sent })?.removable).toBe(true);
  });

  it('tells the size of what is on the server alone', () => {
    const server = { media_files: { streaming: [{ path: 'a', resolution: [720, 1280], size: 77 }] } };
    expect(one({ items: [{ ...item, server }] })?.bytes).toBe(77);
    expect(one({ items: [item] })?.bytes).toBeNull();
  });

  it('does not call a media ready on the server before the server has it', () => {
    expect(one({ local: [local] })?.status).toEqual({ kind: 'resting', what: 'local' });
    expect(one({ items: [item], local: [local] })?.status).toEqual({ kind: 'resting', what: 'ready' });
  });

  it('counts the parts of an upload and not only its percent', () => {
    const card = one({ items: [item], local: [local], upload });
    expect(card?.status).toEqual({ kind: 'uploading', done: 2, total: 7, fraction: 0.25 });
    expect(card === undefined ? '' : statusText(card.status)).toBe('Uploading, part 2 of 7');
  });

  it('can be opened as soon as it plays here, while it still uploads', () => {
    expect(one({ items: [item], local: [local], upload })?.playable).toBe(true);
    expect(one({ items: [item] })).toMatchObject({ playable: false, status: { kind: 'remote' } });
  });

  it('says of a failure what happened, what was kept and what to do', () => {
    const fault = { code: 'file-empty' as const, message: 'The file is empty.' };
    const card = one({ local: [{ ...local, stage: { kind: 'failed', fault, kept: 'K', remedy: 'R' } }] });
    expect(card?.status).toEqual({
      kind: 'failed',
      message: fault.message,
      kept: 'K',
      remedy: 'R',
      retry: 'media',
    });
  });

  it('tells of a step whose length nobody knows that it is under way, without a number', () => {
    expect(one({ local: [{ ...local, stage: { kind: 'probing' } }] })?.status).toEqual({
      kind: 'working',
      what: 'probing',
      fraction: null,
    });
  });
});
