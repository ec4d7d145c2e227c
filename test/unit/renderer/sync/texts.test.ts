import { describe, expect, it } from 'vitest';
import type { Upload } from '../../../../src/contract/host-rpc.ts';
import { ageText } from '../../../../src/renderer/features/sync/age-text.ts';
import { actionOfKey } from '../../../../src/renderer/features/sync/conflict-keys.ts';
import { insideFrame } from '../../../../src/renderer/player/stills.ts';
import { figureOf, windowAround } from '../../../../src/renderer/features/sync/diagram.ts';
import { fieldLabel } from '../../../../src/renderer/features/sync/field-label.ts';
import { geometryFrom, geometrySummary } from '../../../../src/renderer/features/sync/geometry-summary.ts';
import { recoveryText } from '../../../../src/renderer/features/sync/recovery-text.ts';
import { serverAddress } from '../../../../src/renderer/features/sync/server-address.ts';
import { bytesText } from '../../../../src/base/bytes-text.ts';
import { uploadView } from '../../../../src/renderer/features/sync/upload-view.ts';
import { valueText } from '../../../../src/renderer/features/sync/value-text.ts';

describe('ages', () => {
  it('use the largest whole unit', () => {
    const minute = 60_000;
    const ages = [0, minute - 1, minute, 59 * minute, 60 * minute, 24 * 60 * minute, 50 * 60 * minute];
    expect(ages.map((age) => ageText(0, age))).toEqual([
      'just now',
      'just now',
      '1 min ago',
      '59 min ago',
      '1 h ago',
      '1 day ago',
      '2 days ago',
    ]);
  });

  it('take a time ahead of the clock as now', () => {
    expect(ageText(5000, 0)).toBe('just now');
  });
});

describe('fields and values', () => {
  it('call attributes by their own names and the rest by words', () => {
    expect(['attributes.Depth', 'geometry', '$deleted', 'other'].map(fieldLabel)).toEqual([
      'Depth',
      'Shape',
      'Deleted or changed',
      'other',
    ]);
  });

  it('tell unset, empty, false and zero apart', () => {
    const values = [undefined, null, '', false, 0].map((value) => valueText('attributes.A', value));
    expect(values).toEqual(['not set', 'not set', 'empty', 'no', '0']);
  });

  it('count the members of a track instead of listing their ids', () => {
    expect(valueText('localizations', ['a', 'b'])).toBe('2 members');
  });

  it('give shapes as short numbers in percent', () => {
    const box = geometryFrom({ kind: 'box', x: 0.125, y: 0.4, width: 0.2, height: 0.0833 });
    expect(geometrySummary(box!)).toBe('12.5, 40.0 · 20.0 × 8.3 %');
    expect(geometrySummary({ kind: 'line', x: 0.1, y: 0.1, u: 0.2, v: 0.3 })).toBe(
      '10.0, 10.0 → 30.0, 40.0 %',
    );
    expect(geometrySummary({ kind: 'poly', points: [[0.5, 0.25]] })).toBe('1 point from 50.0, 25.0 %');
  });

  it('show a value that is no shape as it is, instead of failing', () => {
    expect(geometryFrom({ kind: 'box', x: 'left' })).toBeNull();
    expect(geometryFrom({ kind: 'poly', points: [[1]] })).toBeNull();
    expect(valueText('geometry', { kind: 'box' })).toBe('{"kind":"box"}');
  });
});

describe('the diagram of shapes', () => {
  it('frames all shapes with room around them, in a square', () => {
    const window = windowAround(
      [
        { kind: 'box', x: 0.2, y: 0.2, width: 0.2, height: 0.1 },
        { kind: 'dot', x: 0.6, y: 0.5 },
      ],
      1,
    );
    expect(window.width).toBeCloseTo(0.52);
    expect(window.height).toBe(window.width);
    expect(window.x).toBeLessThan(0.2);
    expect(window.y + window.height).toBeGreaterThan(0.5);
  });

  it('is square on the screen also where the frame is wider than high', () => {
    const { width, height } = windowAround([{ kind: 'box', x: 0.2, y: 0.2, width: 0.1, height: 0.3 }], 2);
    expect(width * 2).toBeCloseTo(height);
    expect(insideFrame({ x: -0.2, y: 0.9, width: 0.5, height: 0.4 })).toEqual({
      x: 0,
      y: 0.9,
      width: 0.3,
      height: expect.closeTo(0.1) as number,
    });
    expect(insideFrame({ x: 2, y: 2, width: 1, height: 1 })).toEqual({ x: 0, y: 0, width: 1, height: 1 });
  });

  it('does not blow up a dot, and shows the whole frame where nothing is drawn', () => {
    expect(windowAround([{ kind: 'dot', x: 0.5, y: 0.5 }], 1).width).toBeGreaterThan(0.08);
    expect(windowAround([{ kind: 'none' }], 2)).toEqual({ x: 0, y: 0, width: 1, height: 1 });
    expect(figureOf({ kind: 'none' })).toBeNull();
  });
});

describe('keys in the list of conflicts', () => {
  const key = (name: string, change = {}) =>
    actionOfKey({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...change });

  it('move, choose, widen, take back and open', () => {
    expect([key('a'), key('z')]).toEqual([{ kind: 'alike' }, { kind: 'undo' }]);
    expect([key('ArrowDown'), key('ArrowUp'), key('m'), key('T'), key('Enter')]).toEqual([
      { kind: 'move', by: 1 },
      { kind: 'move', by: -1 },
      { kind: 'choose', choice: 'mine' },
      { kind: 'choose', choice: 'theirs' },
      { kind: 'open' },
    ]);
  });

  it('leave shortcuts with modifiers and other keys to the page', () => {
    expect([key('m', { ctrlKey: true }), key('t', { metaKey: true }), key('Tab')]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('server addresses', () => {
  it('get https, but http in private networks', () => {
    expect(serverAddress(' tator.example.org ')?.address).toBe('https://tator.example.org');
    expect(serverAddress('192.168.1.4:8080')).toEqual({ address: 'http://192.168.1.4:8080', insecure: true });
    expect(serverAddress('172.32.0.1')?.address).toBe('https://172.32.0.1');
    expect(serverAddress('localhost:443')).toEqual({ address: 'http://localhost:443', insecure: false });
  });

  it('keep a written scheme and path, without the trailing slash and /rest', () => {
    expect(serverAddress('http://hub.example.org/tator/rest/')).toEqual({
      address: 'http://hub.example.org/tator',
      insecure: true,
    });
  });

  it('refuse what is none', () => {
    expect(
      ['', 'two words', 'ftp://x.org', 'https://', 'https://user:secret@x.org'].map(serverAddress),
    ).toEqual([null, null, null, null, null]);
  });
});

describe('an upload in the list', () => {
  const upload = (state: Upload['state'], change: Partial<Upload> = {}) =>
    uploadView({
      mediaKey: 'k',
      account: 'a',
      projectId: 1,
      mediaId: 2,
      name: 'dive.mp4',
      size: 1000,
      order: 0,
      parts: { done: 3, total: 4 },
      speed: 2_500_000,
      state,
      ...change,
    });

  it('shows bytes, parts and speed while it is sent', () => {
    expect(upload({ kind: 'sending', done: 3e6, total: 4e6 })).toMatchObject({
      text: '3.0 MB of 4.0 MB',
      parts: '3 of 4 parts',
      speed: '2.5 MB/s',
      fraction: 0.75,
      action: 'pause',
    });
  });

  it('shows no speed when nothing is sent, and never done before the server has it', () => {
    expect(upload({ kind: 'paused' })).toMatchObject({ speed: null, fraction: 0.75, action: 'resume' });
    expect(upload({ kind: 'completing' }).text).not.toBe(upload({ kind: 'done' }).text);
    expect(upload({ kind: 'transcoding', fraction: null })).toMatchObject({ fraction: null, action: null });
  });

  it('says what was kept and what to do when it failed', () => {
    const fault = { code: 'file-gone', message: 'The file is no longer where it was.' } as const;
    const view = upload({ kind: 'failed', fault, kept: '3 parts are kept.', remedy: 'Put it back.' });
    expect(view).toMatchObject({
      text: fault.message,
      failure: { kept: '3 parts are kept.', remedy: 'Put it back.' },
    });
  });

  it('rounds bytes without ever showing 1000 of a unit', () => {
    expect([0, 999, 999.6, 1500, 99_960_000, 2.1e9].map(bytesText)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.5 kB',
      '100 MB',
      '2.1 GB',
    ]);
  });
});

describe('the notice of a recovery', () => {
  it('counts annotations and media apart', () => {
    const restored = [
      { key: 'a', media: 'm1' },
      { key: 'b', media: 'm2' },
      { key: 'c', media: 'm2' },
    ];
    expect(recoveryText({ restored, rerecorded: 0, at: 0 })).toContain(
      '3 annotations on 2 media files were put back',
    );
    expect(recoveryText({ restored: [], rerecorded: 1, at: 0 })).toContain('1 edit was written');
  });
});
