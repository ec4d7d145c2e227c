import { describe, expect, it } from 'vitest';
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

function one(sources: { items?: MediaItem[]; local?: LocalMedia[]; upload?: Upload }): MediaCard | undefined {
  const uploads = new Map(sources.upload === undefined ? [] : [[sources.upload.mediaKey, sources.upload]]);
  return mediaCards({ items: sources.items ?? [], local: sources.local ?? [], uploads, projectId: 1 })[0];
}

describe('a card of the library', () => {
  it('is one, however many sources know the media', () => {
    expect(
      mediaCards({ items: [item], local: [local], uploads: new Map([['k', upload]]), projectId: 1 }),
    ).toHaveLength(1);
  });

  it('shows a file that the store does not know yet, but none of another project', () => {
    expect(one({ local: [local] })?.name).toBe('dive.mp4');
    expect(one({ local: [{ ...local, projectId: 2 }] })).toBeUndefined();
  });

  it('lets a fetch from the server be given up, but not the copying of a file that only this device has', () => {
    const copying: LocalMedia = {
      ...local,
      stage: { kind: 'copying', done: 1, total: 100 },
      plays: 'nothing',
    };
    expect(one({ items: [item], local: [copying] })?.fetching).toBe(true);
    expect(one({ local: [copying] })?.fetching).toBe(false);
    expect(one({ items: [item], local: [local] })?.fetching).toBe(false);
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
