import { describe, expect, it } from 'vitest';
import type { Upload, UploadRules } from '../../../../src/contract/host-rpc.ts';
import { limitOf, limitOptions, limitValue } from '../../../../src/renderer/features/sync/link-rate.ts';
import { finishText } from '../../../../src/renderer/features/sync/upload-forecast.ts';
import { uploadsView } from '../../../../src/renderer/features/sync/upload-view.ts';

const minute = 60_000;
const noon = new Date(2026, 2, 4, 12).getTime();
const free: UploadRules = { limit: null, annotationsOnly: false };

function upload(mediaKey: string, order: number, change: Partial<Upload> = {}): Upload {
  return {
    ...{ mediaKey, account: 'a', projectId: 1, mediaId: 2, name: `${mediaKey}.mp4`, size: 6e6, order },
    ...{ parts: { done: 0, total: 0 }, speed: null, state: { kind: 'waiting' } },
    ...change,
  };
}
const sending = (mediaKey: string, order: number, speed: number | null = 1e4): Upload =>
  upload(mediaKey, order, {
    ...{ parts: { done: 1, total: 2 }, speed, state: { kind: 'sending', done: 3e6, total: 6e6 } },
  });
const finishOf = (uploads: Upload[], rules = free): (string | null)[] =>
  uploadsView(uploads, rules, noon).rows.map(({ finish }) => finish);

describe('the list of uploads', () => {
  it('is in the order of sending, with what is done at the end', () => {
    const uploads = [
      upload('done', 0, { state: { kind: 'done' } }),
      upload('third', 5),
      upload('second', 2),
      sending('first', 1),
    ];
    const { rows } = uploadsView(uploads, free, noon);
    expect(rows.map(({ mediaKey, place }) => [mediaKey, place])).toEqual([
      ['first', { earlier: false, later: true }],
      ['second', { earlier: true, later: true }],
      ['third', { earlier: true, later: false }],
      ['done', null],
    ]);
  });

  it('offers no place to one alone, nor to one whose bytes are all sent', () => {
    const transcoding = upload('a', 0, { state: { kind: 'transcoding', fraction: null } });
    expect(uploadsView([transcoding, upload('b', 1)], free, noon).rows.map(({ place }) => place)).toEqual([
      null,
      null,
    ]);
  });

  it('sums up what is to be sent, without what is paused or failed', () => {
    const paused = upload('p', 3, { state: { kind: 'paused' } });
    const view = uploadsView([sending('a', 0), upload('b', 1), paused], free, noon);
    expect(view).toMatchObject({ left: '2 files, 9.0 MB to send', pausable: ['a', 'b'], paused: ['p'] });
    expect(uploadsView([paused], free, noon)).toMatchObject({ left: null, pausable: [], paused: ['p'] });
  });
});

describe('the estimated finish', () => {
  it('of each upload counts the bytes before it', () => {
    // 3 MB, 9 MB and 15 MB at 10 kB a second.
    expect(finishOf([sending('a', 0), upload('b', 1), upload('c', 2)])).toEqual([
      'in about 5 min',
      'in about 15 min',
      'in about 25 min',
    ]);
    expect(uploadsView([sending('a', 0), upload('b', 1)], free, noon).finish).toBe('in about 15 min');
  });

  it('takes the parts of one that was interrupted as sent', () => {
    const half = upload('b', 1, { parts: { done: 1, total: 2 } });
    expect(finishOf([sending('a', 0), half])[1]).toBe('in about 10 min');
  });

  it('follows a cap at once, and is not claimed while files wait or no rate is known', () => {
    expect(finishOf([sending('a', 0)], { limit: 5000, annotationsOnly: false })).toEqual(['in about 10 min']);
    expect(finishOf([sending('a', 0)], { limit: null, annotationsOnly: true })).toEqual([null]);
    expect(finishOf([sending('a', 0, null)])).toEqual([null]);
    expect(finishOf([upload('a', 0)])).toEqual([null]);
  });

  it('counts the one that is being sent before the one that was just moved to the front', () => {
    expect(finishOf([upload('b', 0), sending('a', 1)])).toEqual(['in about 15 min', 'in about 5 min']);
  });

  it('is given no finer than it deserves', () => {
    const texts = [0.5, 12.2, 90, 10 * 60, 30 * 60, 200 * 24 * 60].map((ahead) =>
      finishText(noon + ahead * minute, noon),
    );
    expect(texts).toEqual([
      'in less than a minute',
      'in about 12 min',
      'about 13:30',
      'about 22:00',
      'about Thu 5 Mar, 18:00',
      'in months',
    ]);
  });
});

describe('the upload limit', () => {
  it('is offered as the rate of a link and comes back in bytes a second', () => {
    const options = limitOptions(null);
    expect(options.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['No limit', '256 kbit/s', '1 Mbit/s']),
    );
    expect(limitOf(options.find(({ label }) => label === '256 kbit/s')?.value ?? '')).toBe(32_000);
    expect(limitOf(limitValue(null))).toBeNull();
  });

  it('lists one that was set elsewhere, in its place', () => {
    const labels = limitOptions(40_000).map(({ label }) => label);
    expect(labels.indexOf('320 kbit/s')).toBe(labels.indexOf('256 kbit/s') + 1);
  });
});
